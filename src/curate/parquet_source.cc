#include <dlfcn.h>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "curate/parquet_module.h"
#include "curate/source_base.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/utf8.h"

namespace rexbert::curate {
namespace {

// Where the module may lie: beside the library that this is a part of, beside the program, or in
// the lib/ beside the program's bin/.
std::vector<fs::path> module_folders() {
  std::vector<fs::path> folders;
  std::error_code ignored;
  Dl_info self = {};
  // Of the program itself the loader knows no path, only the word that it was called by.
  if (dladdr(reinterpret_cast<void*>(&module_folders), &self) != 0 && self.dli_fname != nullptr &&
      fs::path(self.dli_fname).is_absolute()) {
    folders.push_back(fs::canonical(self.dli_fname, ignored).parent_path());
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  folders.push_back(program);
  folders.push_back(program / "../lib");
  return folders;
}

// The module's function; it stays loaded. Where none of our folders has it, the loader looks.
OpenParquetRows* load_module() {
  const fs::path name = "librexbert_parquet.so";
  fs::path path = name;
  std::error_code ignored;
  for (const fs::path& folder : module_folders()) {
    if (folder.is_absolute() && fs::exists(folder / name, ignored)) {
      path = folder / name;
      break;
    }
  }
  void* const module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  void* const function = module == nullptr ? nullptr : dlsym(module, kOpenParquetRows);
  if (function == nullptr) {
    throw Error(ErrorCode::kUsage, str_cat("Parquet cannot be read: ", dlerror()));
  }
  return reinterpret_cast<OpenParquetRows*>(function);
}

// A file of an Env.
class EnvInput final : public ParquetInput {
 public:
  explicit EnvInput(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}

  uint64_t size() const override { return file_->size(); }
  bool read(uint64_t offset, size_t length, char* out) override {
    try {
      file_->read(offset, length, out);
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
    bytes_read_ += length;
    return true;
  }

  uint64_t bytes_read() const { return bytes_read_; }
  void throw_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
  std::exception_ptr failure_;
  uint64_t bytes_read_ = 0;
};

class ParquetSource final : public SourceBase {
 public:
  ParquetSource(Env& env, const fs::path& path, const SourceOptions& options,
                text::OnBadLine on_bad, OpenParquetRows* open)
      : SourceBase(path, options, std::move(on_bad)),
        fields_(options, FieldMap::Text::kAmongFields),
        input_(env.open_file(path)),
        rows_(open(input_, {fields_.paths(), options.list_separator,
                            fields_.has_template() ? std::string() : options.fields.text})) {}

 private:
  Outcome read(Document& document) override {
    const ParquetRows::Step step = rows_->next(values_);
    counts_.file_bytes = input_.bytes_read();
    if (step == ParquetRows::Step::kEnd) return Outcome::kEnd;
    if (step == ParquetRows::Step::kFailed) {
      input_.throw_failure();
      throw Error(ErrorCode::kCorrupt,
                  str_cat(file_, ": not a whole Parquet file of documents: ", rows_->reason()));
    }
    document.line = ++row_;
    if (step == ParquetRows::Step::kNullText) {
      return bad(
          str_cat("field ", str_quote(options_.fields.text), ": expected a string, got null"));
    }
    uint64_t bytes = 0;
    for (const std::string& value : values_) {
      if (!text::is_utf8(value)) return bad("invalid UTF-8");
      bytes += value.size();
    }
    if (bytes > options_.max_record_bytes) {
      return bad(str_cat("expected at most ", options_.max_record_bytes, " bytes, got more"));
    }
    std::string score;
    fields_.fill(values_, document, score);
    return set_score(score, document) ? Outcome::kDocument : Outcome::kBad;
  }

  const FieldMap fields_;
  EnvInput input_;
  const std::unique_ptr<ParquetRows> rows_;
  uint64_t row_ = 0;
  std::vector<std::string> values_;
};

}  // namespace

bool parquet_available() { return REXBERT_HAS_PARQUET; }

SourcePointer open_parquet_source(Env& env, const fs::path& path, const SourceOptions& options,
                                  text::OnBadLine on_bad) {
  if (!parquet_available()) {
    throw Error(ErrorCode::kUsage,
                str_cat(path.string(), ": this build does not read Parquet: run scripts/setup.sh ",
                        "--parquet and configure again with -DREXBERT_PARQUET=ON"));
  }
  static OpenParquetRows* const open = load_module();
  return std::make_unique<ParquetSource>(env, path, options, std::move(on_bad), open);
}

}  // namespace rexbert::curate
