#include "rexbert/core/compression.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <bzlib.h>
#include <snappy.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert {
namespace {

struct AlgorithmInfo {
  Compression algorithm;
  std::string_view name;
  int lowest, highest, standard;
};
constexpr std::array<AlgorithmInfo, 5> kAlgorithms = {{{Compression::kZstd, "zstd", 1, 22, 3},
                                                       {Compression::kGzip, "gz", 0, 9, 9},
                                                       {Compression::kBzip2, "bz2", 1, 9, 9},
                                                       {Compression::kBrotli, "br", 0, 11, 11},
                                                       {Compression::kSnappy, "snappy", 0, 0, 0}}};

[[noreturn]] void throw_corrupt(std::string_view source, std::string_view algorithm,
                                std::string_view what) {
  throw Error(ErrorCode::kCorrupt, str_cat(source, ": damaged ", algorithm, " data: ", what));
}

// zlib and bzip2 count in 32 bits; a raw MDS shard is smaller too.
void check_single_call_size(std::string_view data, std::string_view algorithm) {
  constexpr uint64_t kLimit = uint64_t{15} << 28;
  if (data.size() <= kLimit) return;
  throw Error(ErrorCode::kUsage, str_cat(algorithm, " compression: expected at most ", kLimit,
                                         " bytes, got ", data.size()));
}

std::string compress_zstd(int level, std::string_view data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), data.data(), data.size(), level);
  if (ZSTD_isError(size)) throw Error(ErrorCode::kInternal, ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string compress_gzip(int level, std::string_view data) {
  check_single_call_size(data, "gz");
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(ErrorCode::kInternal, "zlib cannot start");
  }
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error(ErrorCode::kInternal, "zlib cannot compress");
  return out;
}

std::string compress_bzip2(int level, std::string_view data) {
  check_single_call_size(data, "bz2");
  std::string out(data.size() + data.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(out.size());
  const int status = BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(data.data()),
                                              static_cast<unsigned>(data.size()), level, 0, 0);
  if (status != BZ_OK) throw Error(ErrorCode::kInternal, "bzip2 cannot compress");
  out.resize(size);
  return out;
}

std::string compress_brotli(int level, std::string_view data) {
  std::string out(BrotliEncoderMaxCompressedSize(data.size()) + 1024, '\0');
  size_t size = out.size();
  if (BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, data.size(),
                            reinterpret_cast<const uint8_t*>(data.data()), &size,
                            reinterpret_cast<uint8_t*>(out.data())) != BROTLI_TRUE) {
    throw Error(ErrorCode::kInternal, "brotli cannot compress");
  }
  out.resize(size);
  return out;
}

// Calls `step(out, capacity)`, which returns the bytes made (0 at the end), until the end.
template <class Step>
std::string collect(std::optional<uint64_t> expected_size, Step&& step) {
  std::string out;
  // One byte more than expected, so that a stream which is too long is noticed and not just cut.
  const uint64_t limit = expected_size ? *expected_size + 1 : std::numeric_limits<uint64_t>::max();
  // Memory follows the data, not the size that a damaged index claims.
  const uint64_t first = expected_size ? uint64_t{1} << 26 : uint64_t{1} << 20;
  size_t filled = 0;
  while (filled < limit) {
    if (filled == out.size()) {
      out.resize(std::min<uint64_t>(limit, std::max<uint64_t>(2 * filled, first)));
    }
    const size_t made = step(out.data() + filled, out.size() - filled);
    if (made == 0) break;
    filled += made;
  }
  out.resize(filled);
  return out;
}

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view data) : data_(data) {}
  size_t read(char* out, size_t capacity) override {
    const size_t length = std::min(capacity, data_.size());
    data_.copy(out, length);
    data_.remove_prefix(length);
    return length;
  }

 private:
  std::string_view data_;
};

class FileSource final : public ByteSource {
 public:
  FileSource(Env& env, const fs::path& path) : file_(env.open_file(path)) {}
  size_t read(char* out, size_t capacity) override {
    const size_t length = static_cast<size_t>(
        std::min<uint64_t>(capacity, file_->size() - std::min(offset_, file_->size())));
    if (length > 0) file_->read(offset_, length, out);
    offset_ += length;
    return length;
  }

 private:
  std::unique_ptr<RandomAccessFile> file_;
  uint64_t offset_ = 0;
};

// The part that all streaming decoders share: a buffer of compressed bytes and where it lies.
class DecodingSource : public ByteSource {
 public:
  DecodingSource(std::unique_ptr<ByteSource> input, std::string name, std::string_view algorithm)
      : input_(std::move(input)), name_(std::move(name)), algorithm_(algorithm) {}

 protected:
  // True when there are unread bytes in the buffer.
  bool refill() {
    if (begin_ < end_) return true;
    consumed_ += end_;
    begin_ = 0;
    end_ = input_->read(buffer_.data(), buffer_.size());
    return end_ > 0;
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw_corrupt(name_, algorithm_, str_cat(what, " at compressed offset ", consumed_ + begin_));
  }

  std::array<char, 1 << 17> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;

 private:
  std::unique_ptr<ByteSource> input_;
  std::string name_;
  std::string_view algorithm_;
  uint64_t consumed_ = 0;
};

class ZstdSource final : public DecodingSource {
 public:
  ZstdSource(std::unique_ptr<ByteSource> input, std::string name)
      : DecodingSource(std::move(input), std::move(name), "zstd"),
        stream_(ZSTD_createDStream(), &ZSTD_freeDStream) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 31);
  }
  size_t read(char* out, size_t capacity) override {
    ZSTD_outBuffer target{out, capacity, 0};
    while (target.pos == 0) {
      const bool more = refill();
      if (!more && frame_done_) return 0;
      if (!more && !started_) fail("it is empty");
      started_ = true;
      ZSTD_inBuffer from{buffer_.data() + begin_, end_ - begin_, 0};
      const size_t status = ZSTD_decompressStream(stream_.get(), &target, &from);
      begin_ += from.pos;
      if (ZSTD_isError(status)) fail(ZSTD_getErrorName(status));
      frame_done_ = status == 0;
      if (!more && !frame_done_ && target.pos == 0) fail("it ends in the middle of a frame");
    }
    return target.pos;
  }

 private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool started_ = false;
  bool frame_done_ = false;
};

class GzipSource final : public DecodingSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> input, std::string name)
      : DecodingSource(std::move(input), std::move(name), "gzip") {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw Error(ErrorCode::kInternal, "zlib: init");
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  size_t read(char* out, size_t capacity) override {
    const auto room =
        static_cast<uInt>(std::min<size_t>(capacity, std::numeric_limits<uInt>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = room;
    while (stream_.avail_out == room) {
      if (!refill()) {
        if (member_done_) return 0;
        fail(started_ ? "it ends in the middle" : "it is empty");
      }
      started_ = true;
      if (member_done_) {
        inflateReset(&stream_);  // gzip members may follow each other
        member_done_ = false;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data() + begin_);
      stream_.avail_in = static_cast<uInt>(end_ - begin_);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      begin_ = end_ - stream_.avail_in;
      if (status == Z_STREAM_END) {
        member_done_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail(stream_.msg != nullptr ? stream_.msg : "invalid stream");
      }
    }
    return room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool started_ = false;
  bool member_done_ = false;
};

void check_nothing_behind(size_t left, std::string_view source, std::string_view algorithm) {
  if (left > 0) throw_corrupt(source, algorithm, str_cat(left, " bytes behind its end"));
}

std::string decompress_bzip2(std::string_view data, std::optional<uint64_t> expected_size,
                             std::string_view source) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK)
    throw Error(ErrorCode::kInternal, "bzip2: init");
  const std::unique_ptr<bz_stream, decltype(&BZ2_bzDecompressEnd)> guard(&stream,
                                                                         &BZ2_bzDecompressEnd);
  stream.next_in = const_cast<char*>(data.data());
  stream.avail_in = static_cast<unsigned>(data.size());
  bool done = false;
  return collect(expected_size, [&](char* out, size_t capacity) -> size_t {
    if (done) {
      check_nothing_behind(stream.avail_in, source, "bz2");
      return 0;
    }
    const auto room = static_cast<unsigned>(std::min<size_t>(capacity, 1u << 30));
    stream.next_out = out;
    stream.avail_out = room;
    const int status = BZ2_bzDecompress(&stream);
    done = status == BZ_STREAM_END;
    if (status != BZ_OK && !done) throw_corrupt(source, "bz2", "invalid stream");
    if (!done && stream.avail_out == room) throw_corrupt(source, "bz2", "it ends in the middle");
    return room - stream.avail_out;
  });
}

std::string decompress_brotli(std::string_view data, std::optional<uint64_t> expected_size,
                              std::string_view source) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  size_t available = data.size();
  const auto* next = reinterpret_cast<const uint8_t*>(data.data());
  bool done = false;
  return collect(expected_size, [&](char* out, size_t capacity) -> size_t {
    if (done) {
      check_nothing_behind(available, source, "brotli");
      return 0;
    }
    size_t room = capacity;
    auto* target = reinterpret_cast<uint8_t*>(out);
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state.get(), &available, &next, &room, &target, nullptr);
    if (result == BROTLI_DECODER_RESULT_ERROR) throw_corrupt(source, "brotli", "invalid stream");
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) {
      throw_corrupt(source, "brotli", "it ends in the middle");
    }
    done = result == BROTLI_DECODER_RESULT_SUCCESS;
    return capacity - room;
  });
}

std::string decompress_stream(ByteSource& source, std::optional<uint64_t> expected_size) {
  return collect(expected_size,
                 [&](char* out, size_t capacity) { return source.read(out, capacity); });
}

// At most one byte more than `limit`.
std::string decode(Compression algorithm, std::string_view data, std::optional<uint64_t> limit,
                   std::string_view source) {
  std::string out;
  switch (algorithm) {
    case Compression::kNone:
      out = std::string(data);
      break;
    case Compression::kZstd: {
      ZstdSource stream(std::make_unique<MemorySource>(data), std::string(source));
      out = decompress_stream(stream, limit);
      break;
    }
    case Compression::kGzip: {
      GzipSource stream(std::make_unique<MemorySource>(data), std::string(source));
      out = decompress_stream(stream, limit);
      break;
    }
    case Compression::kBzip2:
      out = decompress_bzip2(data, limit, source);
      break;
    case Compression::kBrotli:
      out = decompress_brotli(data, limit, source);
      break;
    case Compression::kSnappy:
      // Checked first: the size in its head is what memory is taken for.
      if (!snappy::IsValidCompressedBuffer(data.data(), data.size()) ||
          !snappy::Uncompress(data.data(), data.size(), &out)) {
        throw_corrupt(source, "snappy", "invalid stream");
      }
      break;
  }
  return out;
}

class StandardInput final : public ByteSource {
 public:
  size_t read(char* out, size_t capacity) override {
    while (true) {
      const ssize_t size = ::read(STDIN_FILENO, out, capacity);
      if (size >= 0) return static_cast<size_t>(size);
      if (errno == EINTR) continue;
      throw Error(ErrorCode::kIo, str_cat("standard input: ", std::strerror(errno)));
    }
  }
};

}  // namespace

CompressionSpec parse_compression(std::string_view text) {
  if (text.empty() || text == "none") return {};
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const AlgorithmInfo& info : kAlgorithms) {
    if (info.name != name) continue;
    CompressionSpec spec{info.algorithm, info.standard};
    if (colon == std::string_view::npos) return spec;
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), spec.level);
    if (status != std::errc() || end != digits.data() + digits.size() || spec.level < info.lowest ||
        spec.level > info.highest) {
      throw Error(ErrorCode::kUsage,
                  str_cat("compression ", str_quote(text), ": expected a level of ", info.lowest,
                          " to ", info.highest, ", got ", str_quote(digits)));
    }
    return spec;
  }
  throw Error(ErrorCode::kUsage, str_cat("unknown compression ", str_quote(text),
                                         "; expected zstd, gz, bz2, br or snappy, with \":level\" "
                                         "behind it if wanted"));
}

std::string_view compression_name(Compression algorithm) {
  for (const AlgorithmInfo& info : kAlgorithms) {
    if (info.algorithm == algorithm) return info.name;
  }
  return "none";
}

std::string compress(const CompressionSpec& spec, std::string_view data) {
  switch (spec.algorithm) {
    case Compression::kNone:
      return std::string(data);
    case Compression::kZstd:
      return compress_zstd(spec.level, data);
    case Compression::kGzip:
      return compress_gzip(spec.level, data);
    case Compression::kBzip2:
      return compress_bzip2(spec.level, data);
    case Compression::kBrotli:
      return compress_brotli(spec.level, data);
    case Compression::kSnappy: {
      std::string out;
      snappy::Compress(data.data(), data.size(), &out);
      return out;
    }
  }
  throw Error(ErrorCode::kInternal, "unknown compression");
}

std::string decompress(Compression algorithm, std::string_view data,
                       std::optional<uint64_t> expected_size, std::string_view source) {
  std::string out = decode(algorithm, data, expected_size, source);
  if (expected_size && out.size() != *expected_size) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(source, ": expected ", *expected_size, " bytes after decompression, got ",
                        out.size() > *expected_size ? "more" : std::to_string(out.size())));
  }
  return out;
}

std::string decompress_at_most(Compression algorithm, std::string_view data, uint64_t max_size,
                               std::string_view source) {
  std::string out = decode(algorithm, data, max_size, source);
  if (out.size() > max_size) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": expected at most ", max_size,
                                             " bytes after decompression, got more"));
  }
  return out;
}

std::unique_ptr<ByteSource> open_byte_source(Env& env, const fs::path& path) {
  if (path == "-") return std::make_unique<StandardInput>();
  auto file = std::make_unique<FileSource>(env, path);
  const std::string extension = path.extension().string();
  if (extension == ".zst" || extension == ".zstd") {
    return std::make_unique<ZstdSource>(std::move(file), path.string());
  }
  if (extension == ".gz") return std::make_unique<GzipSource>(std::move(file), path.string());
  return file;
}

}  // namespace rexbert
