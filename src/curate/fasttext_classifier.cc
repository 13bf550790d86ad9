#include "rexbert/curate/fasttext_classifier.h"

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
#include "rexbert/curate/line_features.h"

namespace rexbert::curate {
namespace {

constexpr const char* kEcommerceLabel = "__label__ecommerce";
constexpr const char* kOtherLabel = "__label__other";
constexpr double kLeastProbability = 1e-5;
const double kMostLogOdds = std::log((1 - kLeastProbability) / kLeastProbability);

// Reads from memory without a copy.
class MemoryBuffer : public std::streambuf {
 public:
  MemoryBuffer() = default;
  explicit MemoryBuffer(std::string_view data) { set(data); }
  void set(std::string_view data) {
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

  // A line's vector is the mean of its words' rows, and its classes' logits are products with it:
  // so the difference of two logits is the mean of such differences of the rows, which are computed
  // once.
  std::vector<float> logit_differences(int32_t first, int32_t second) const {
    std::vector<float> differences(static_cast<size_t>(input_->size(0)));
    fasttext::Vector row(input_->size(1));
    for (size_t i = 0; i < differences.size(); ++i) {
      row.zero();
      input_->addRowToVector(row, static_cast<int32_t>(i));
      differences[i] = output_->dotRow(row, first) - output_->dotRow(row, second);
    }
    return differences;
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

fasttext::Args arguments(const FastTextOptions& options, const fs::path& input) {
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

// The labelled lines as fastText reads them; lines without features teach nothing.
void write_lines(Env& env, std::span<const LabelTask* const> tasks, const fs::path& path) {
  const auto file = env.new_writable_file(path);
  std::array<uint64_t, 2> counts{};
  std::string features;
  for (const LabelTask* task : tasks) {
    const DocumentLines lines = split_lines(task->document.text);
    for (size_t i = 0; i < task->lines.size(); ++i) {
      if (task->labels[i] == Label::kFailed) continue;
      features.clear();
      append_line_features(lines[task->lines[i]], features);
      if (features.empty()) continue;
      const bool ecommerce = task->labels[i] == Label::kEcommerce;
      ++counts[ecommerce ? 1 : 0];
      file->append(str_cat(ecommerce ? kEcommerceLabel : kOtherLabel, " ", features, "\n"));
    }
  }
  file->close();
  if (counts[0] > 0 && counts[1] > 0) return;
  throw Error(ErrorCode::kUsage,
              str_cat("classifier: expected lines of both kinds, got ", counts[1],
                      " that are e-commerce and ", counts[0], " that are not"));
}

class FastTextClassifier : public LineClassifier {
 public:
  FastTextClassifier(std::string contents, const std::string& source, const char* suffix)
      : contents_(std::move(contents)), suffix_(suffix) {
    MemoryBuffer buffer(contents_);
    std::istream in(&buffer);
    try {
      model_.load(in);
    } catch (const std::exception& failure) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(source, ": expected a fastText model: ", failure.what()));
    }
    dictionary_ = model_.getDictionary();
    find_log_odds(source);
  }

  std::vector<std::vector<double>> log_odds(
      std::span<const DocumentLines> documents) const override {
    thread_local std::string features;
    std::vector<std::vector<double>> odds(documents.size());
    for (size_t d = 0; d < documents.size(); ++d) {
      odds[d].reserve(documents[d].size());
      for (const std::string_view line : documents[d]) {
        features.clear();
        append_line_features(line, features);
        odds[d].push_back(features.empty() ? 0 : log_odds_of(features));
      }
    }
    return odds;
  }

  void save(Env& env, const fs::path& base) const override {
    publish_file(env, base.string() + suffix_, contents_);
  }

 private:
  void find_log_odds(const std::string& source) {
    if (model_.getArgs().loss != fasttext::loss_name::softmax) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(source, ": expected a model with the loss softmax, got another"));
    }
    std::vector<std::string> labels;
    for (int32_t i = 0; i < dictionary_->nlabels(); ++i) labels.push_back(dictionary_->getLabel(i));
    std::vector<std::string> sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    if (sorted != std::vector<std::string>{kEcommerceLabel, kOtherLabel}) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(source, ": expected a model with the labels ", kEcommerceLabel, " and ",
                          kOtherLabel, ", got ", str_join(labels, ", ")));
    }
    const int32_t ecommerce = labels[0] == kEcommerceLabel ? 0 : 1;
    row_log_odds_ = model_.logit_differences(ecommerce, 1 - ecommerce);
  }

  // The probability is held between 1e-5 and 1 - 1e-5.
  double log_odds_of(std::string_view features) const {
    thread_local MemoryBuffer buffer;
    thread_local std::istream in(&buffer);
    thread_local std::vector<int32_t> words;
    thread_local std::vector<int32_t> labels;
    buffer.set(features);
    in.clear();
    dictionary_->getLine(in, words, labels);
    if (words.empty()) return 0;
    double sum = 0;
    for (const int32_t word : words) sum += row_log_odds_[static_cast<size_t>(word)];
    return std::clamp(sum / static_cast<double>(words.size()), -kMostLogOdds, kMostLogOdds);
  }

  Model model_;
  std::shared_ptr<const fasttext::Dictionary> dictionary_;
  std::vector<float> row_log_odds_;
  std::string contents_;  // of the model's file
  const char* suffix_;
};

}  // namespace

std::unique_ptr<LineClassifier> FastTextLearner::train(std::span<const LabelTask* const> tasks,
                                                       const fs::path& scratch) const {
  const ScratchFolder folder(env_, scratch);
  const fs::path input = folder.path / "lines.txt";
  write_lines(env_, tasks, input);
  fasttext::FastText trained;
  const fasttext::Args args = arguments(options_, input);
  trained.train(args);
  if (options_.quantize) {
    fasttext::Args quantization = args;
    quantization.qnorm = true;
    trained.quantize(quantization);
  }
  std::string contents = file_contents(env_, trained, folder.path / "model");
  if (contents.size() > options_.most_bytes) {
    throw Error(
        ErrorCode::kIncompatible,
        str_cat("classifier: expected a model of at most ", options_.most_bytes, " bytes, got ",
                contents.size(), "; use fewer buckets or a smaller dimension"));
  }
  return std::make_unique<FastTextClassifier>(std::move(contents), "the trained classifier",
                                              suffix());
}

std::unique_ptr<LineClassifier> FastTextLearner::load(const fs::path& base) const {
  const fs::path path = base.string() + suffix();
  return std::make_unique<FastTextClassifier>(env_.read_file(path), path.string(), suffix());
}

Json FastTextLearner::settings() const {
  return {{"dimension", options_.dimension},
          {"epochs", options_.epochs},
          {"learning_rate", options_.learning_rate},
          {"word_ngrams", options_.word_ngrams},
          {"buckets", options_.buckets},
          {"minimum_count", options_.minimum_count},
          {"quantize", options_.quantize},
          {"seed", options_.seed}};
}

}  // namespace rexbert::curate
