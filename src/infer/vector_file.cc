#include "infer/vector_file.h"

#include <bit>
#include <charconv>
#include <fstream>
#include <limits>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::infer {
namespace {

static_assert(std::endian::native == std::endian::little, "both binary formats are little-endian");

// Data begin at a multiple of it, as NumPy has it.
constexpr size_t kAlignment = 64;

class AsideFile : public VectorFile {
 public:
  AsideFile(Env& env, const fs::path& path, int64_t dimensions)
      : env_(env),
        path_(path),
        aside_(path.string() + ".partial"),
        dimensions_(dimensions),
        file_(env.new_writable_file(aside_)) {}

  ~AsideFile() override {
    if (published_) return;
    try {
      env_.remove_file(aside_);
    } catch (const Error&) {
      // What is being thrown already says more.
    }
  }

 protected:
  // Writes `begin` over the file's first bytes, where it is not empty, and puts it into its place.
  void publish_with(const std::string& begin) {
    file_->close();
    if (!begin.empty()) {
      std::fstream file(aside_, std::ios::in | std::ios::out | std::ios::binary);
      file.write(begin.data(), static_cast<std::streamsize>(begin.size()));
      file.close();
      if (!file) throw Error(ErrorCode::kIo, aside_.string() + ": cannot write its header");
    }
    const auto whole = env_.new_appendable_file(aside_);
    whole->sync();
    whole->close();
    env_.rename(aside_, path_);
    published_ = true;
    env_.sync_directory(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
  }

  int64_t dimensions() const { return dimensions_; }
  WritableFile& file() { return *file_; }

 private:
  Env& env_;
  fs::path path_;
  fs::path aside_;
  int64_t dimensions_;
  std::unique_ptr<WritableFile> file_;
  bool published_ = false;
};

// "\x93NUMPY", version 1.0, u16 length, a Python literal padded with spaces and a line break.
std::string npy_header(int64_t rows, int64_t dimensions, size_t size) {
  std::string header = str_cat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ",
                               dimensions, "), }");
  header.resize(size - 11, ' ');
  header.push_back('\n');
  const auto length = static_cast<uint16_t>(header.size());
  std::string all("\x93NUMPY\x01\x00", 8);
  all.append(reinterpret_cast<const char*>(&length), sizeof(length));
  return all + header;
}

std::string safetensors_header(int64_t rows, int64_t dimensions, size_t size) {
  const Json header = {
      {"embeddings",
       {{"dtype", "F32"},
        {"shape", {rows, dimensions}},
        {"data_offsets", {0, rows * dimensions * static_cast<int64_t>(sizeof(float))}}}}};
  std::string text = header.dump();
  text.resize(size - sizeof(uint64_t), ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text;
}

// A header, which says how many rows there are, and the rows as they lie in memory.
class BinaryFile final : public AsideFile {
 public:
  using Header = std::string (*)(int64_t rows, int64_t dimensions, size_t size);

  BinaryFile(Env& env, const fs::path& path, int64_t dimensions, Header header, size_t header_size)
      : AsideFile(env, path, dimensions), header_(header), header_size_(header_size) {
    file().append(header_(0, dimensions, header_size_));
  }

  void append(std::span<const float> vectors_SD, std::span<const std::string> names) override {
    file().append({reinterpret_cast<const char*>(vectors_SD.data()), vectors_SD.size_bytes()});
    rows_ += static_cast<int64_t>(names.size());
  }

  void publish() override { publish_with(header_(rows_, dimensions(), header_size_)); }

 private:
  Header header_;
  size_t header_size_;
  int64_t rows_ = 0;
};

class JsonLinesFile final : public AsideFile {
 public:
  using AsideFile::AsideFile;

  void append(std::span<const float> vectors_SD, std::span<const std::string> names) override {
    const auto size = static_cast<size_t>(dimensions());
    for (const std::string& name : names) {
      line_ = str_cat("{\"id\":", Json(name).dump(), ",\"embedding\":[");
      for (const float value : vectors_SD.first(size)) {
        append_number(value);
        line_.push_back(',');
      }
      line_.back() = ']';
      line_.append("}\n");
      file().append(line_);
      vectors_SD = vectors_SD.subspan(size);
    }
  }

  void publish() override { publish_with(""); }

 private:
  // The shortest decimal that reads back as the same float.
  void append_number(float value) {
    char digits[std::numeric_limits<float>::max_digits10 + 16];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    line_.append(digits, end);
  }

  std::string line_;
};

}  // namespace

std::optional<VectorFormat> vector_format_of(const fs::path& path) {
  const fs::path extension = path.extension();
  if (extension == ".npy") return VectorFormat::kNpy;
  if (extension == ".jsonl") return VectorFormat::kJsonLines;
  if (extension == ".safetensors") return VectorFormat::kSafetensors;
  return std::nullopt;
}

std::unique_ptr<VectorFile> create_vector_file(Env& env, const fs::path& path, VectorFormat format,
                                               int64_t dimensions) {
  if (path.has_parent_path()) env.create_directories(path.parent_path());
  switch (format) {
    case VectorFormat::kJsonLines:
      return std::make_unique<JsonLinesFile>(env, path, dimensions);
    case VectorFormat::kNpy:
      return std::make_unique<BinaryFile>(env, path, dimensions, npy_header, 2 * kAlignment);
    case VectorFormat::kSafetensors:
      return std::make_unique<BinaryFile>(env, path, dimensions, safetensors_header,
                                          3 * kAlignment);
  }
  throw Error(ErrorCode::kInternal, "vector file: unknown format");
}

}  // namespace rexbert::infer
