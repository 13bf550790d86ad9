#include "rexbert/curate/classifier.h"

#include <fasttext/args.h>
#include <fasttext/fasttext.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <istream>
#include <sstream>
#include <streambuf>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr const char* kEcommerceLabel = "__label__ecommerce";
constexpr const char* kOtherLabel = "__label__other";
constexpr double kLeastProbability = 1e-5;

// Reads from memory without a copy.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view data) {
    char* begin = const_cast<char*>(data.data());
    setg(begin, begin, begin + data.size());
  }

 protected:
  // fastText goes back to the start at the end of its input.
  pos_type seekpos(pos_type position, std::ios_base::openmode) override {
    setg(eback(), eback() + static_cast<off_type>(position), egptr());
    return position;
  }
};

// Opens what fastText keeps to itself: its own loading of a file passes over a truncated one.
class Model : public fasttext::FastText {
 public:
  void load(std::istream& in) {
    if (!checkModel(in)) throw std::runtime_error("the signature is missing");
    in.exceptions(std::ios::failbit | std::ios::badbit | std::ios::eofbit);
    loadModel(in);
  }
};

struct ScratchFolder {
  ScratchFolder(Env& used, fs::path folder) : env(used), path(std::move(folder)) {
    env.remove_all(path);
    env.create_directories(path);
  }
  ~ScratchFolder() {
    try {
      env.remove_all(path);
    } catch (const std::exception&) {  // left behind, and made anew by the next
    }
  }
  Env& env;
  fs::path path;
};

fasttext::Args arguments(const ClassifierOptions& options, const fs::path& input) {
  fasttext::Args args;
  args.input = input.string();
  args.model = fasttext::model_name::sup;
  args.loss = fasttext::loss_name::softmax;
  args.dim = options.dimension;
  args.epoch = options.epochs;
  args.lr = options.learning_rate;
  args.wordNgrams = options.word_ngrams;
  args.bucket = options.buckets;
  args.minCount = options.minimum_count;
  args.minCountLabel = 0;
  args.minn = 0;
  args.maxn = 0;
  args.thread = 1;
  args.verbose = 0;
  args.seed = static_cast<int>(options.seed);
  return args;
}

std::string file_contents(Env& env, fasttext::FastText& model, const fs::path& path) {
  model.saveModel(path.string());
  return env.read_file(path);
}

}  // namespace

struct LineClassifier::Impl {
  Model model;
  std::shared_ptr<const fasttext::Dictionary> dictionary;
  int32_t ecommerce = 0;  // index of the label
  std::string contents;   // of the model's file

  void read(std::string bytes, const std::string& source) {
    contents = std::move(bytes);
    MemoryBuffer buffer(contents);
    std::istream in(&buffer);
    try {
      model.load(in);
    } catch (const std::exception& failure) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(source, ": expected a fastText model: ", failure.what()));
    }
    dictionary = model.getDictionary();
    std::vector<std::string> labels;
    for (int32_t i = 0; i < dictionary->nlabels(); ++i) labels.push_back(dictionary->getLabel(i));
    std::vector<std::string> sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    if (sorted != std::vector<std::string>{kEcommerceLabel, kOtherLabel}) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(source, ": expected a model with the labels ", kEcommerceLabel, " and ",
                          kOtherLabel, ", got ", str_join(labels, ", ")));
    }
    ecommerce = static_cast<int32_t>(std::find(labels.begin(), labels.end(), kEcommerceLabel) -
                                     labels.begin());
  }
};

LineClassifier::LineClassifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineClassifier::LineClassifier(LineClassifier&&) noexcept = default;
LineClassifier& LineClassifier::operator=(LineClassifier&&) noexcept = default;
LineClassifier::~LineClassifier() = default;

LineClassifier LineClassifier::train(Env& env, const std::vector<LabelledLine>& lines,
                                     const ClassifierOptions& options, const fs::path& scratch) {
  const ScratchFolder folder(env, scratch);
  std::array<uint64_t, 2> counts{};
  const fs::path input = folder.path / "lines.txt";
  const auto file = env.new_writable_file(input);
  for (const LabelledLine& line : lines) {
    ++counts[line.ecommerce ? 1 : 0];
    file->append(str_cat(line.ecommerce ? kEcommerceLabel : kOtherLabel, " ", line.features, "\n"));
  }
  file->close();
  if (counts[0] == 0 || counts[1] == 0) {
    throw Error(ErrorCode::kUsage,
                str_cat("classifier: expected lines of both kinds, got ", counts[1],
                        " that are e-commerce and ", counts[0], " that are not"));
  }
  fasttext::FastText trained;
  const fasttext::Args args = arguments(options, input);
  trained.train(args);
  if (options.quantize) {
    fasttext::Args quantization = args;
    quantization.qnorm = true;
    trained.quantize(quantization);
  }
  auto impl = std::make_unique<Impl>();
  impl->read(file_contents(env, trained, folder.path / "model"), "the trained classifier");
  if (impl->contents.size() > options.most_bytes) {
    throw Error(
        ErrorCode::kIncompatible,
        str_cat("classifier: expected a model of at most ", options.most_bytes, " bytes, got ",
                impl->contents.size(), "; use fewer buckets or a smaller dimension"));
  }
  return LineClassifier(std::move(impl));
}

LineClassifier LineClassifier::load(Env& env, const fs::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->read(env.read_file(path), path.string());
  return LineClassifier(std::move(impl));
}

void LineClassifier::save(Env& env, const fs::path& path) const {
  publish_file(env, path, impl_->contents);
}

double LineClassifier::log_odds(std::string_view features) const {
  thread_local std::vector<int32_t> words;
  thread_local std::vector<int32_t> labels;
  thread_local fasttext::Predictions predictions;
  MemoryBuffer buffer(features);
  std::istream in(&buffer);
  impl_->dictionary->getLine(in, words, labels);
  predictions.clear();
  impl_->model.predict(2, words, predictions);
  for (const auto& [log_probability, label] : predictions) {
    if (label != impl_->ecommerce) continue;
    const double probability = std::clamp(std::exp(static_cast<double>(log_probability)),
                                          kLeastProbability, 1 - kLeastProbability);
    return std::log(probability / (1 - probability));
  }
  return 0;
}

}  // namespace rexbert::curate
