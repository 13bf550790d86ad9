#include "rexbert/curate/openai_labeller.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "curate/label_cache.h"
#include "curate/label_prompt.h"
#include "curate/question_sender.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

using Lines = std::vector<std::string_view>;

// Some lines of one task, asked about together.
struct Question {
  LabelTask* task = nullptr;
  const Lines* lines = nullptr;  // of the document
  size_t begin = 0, end = 0;     // positions in the task's lines
  std::string key = {};

  size_t size() const { return end - begin; }
  std::span<const uint32_t> asked() const {
    return std::span<const uint32_t>(task->lines).subspan(begin, size());
  }
  void set(const std::vector<Label>& labels) const {
    std::copy(labels.begin(), labels.end(), task->labels.begin() + static_cast<ptrdiff_t>(begin));
  }
};

void check_settings(const OpenAiOptions& options) {
  check_prompt(options);
  if (options.model.empty()) throw Error(ErrorCode::kConfig, "model: expected a name, got none");
  if (!options.parameters.empty() && !parse_json(options.parameters, "parameters").is_object()) {
    throw Error(ErrorCode::kConfig,
                str_cat("parameters: expected a JSON object, got ", str_quote(options.parameters)));
  }
  const auto not_negative = [](const char* name, double value) {
    if (value >= 0) return;
    throw Error(ErrorCode::kConfig, str_cat(name, ": expected at least 0, got ", value));
  };
  not_negative("requests_per_minute", options.requests_per_minute);
  not_negative("prompt_price", options.prompt_price);
  not_negative("completion_price", options.completion_price);
  not_negative("money_budget", options.money_budget);
  if (options.money_budget > 0 && options.prompt_price + options.completion_price == 0) {
    throw Error(ErrorCode::kConfig, "money_budget: expected a price beside it, got none");
  }
}

void check_lines(const LabelTask& task, const Lines& lines) {
  for (size_t i = 0; i < task.lines.size(); ++i) {
    if (task.lines[i] < lines.size() && (i == 0 || task.lines[i - 1] < task.lines[i])) continue;
    throw Error(ErrorCode::kUsage,
                str_cat("document ", str_quote(task.document.id), ": expected rising lines below ",
                        lines.size(), ", got ", task.lines[i]));
  }
}

OpenAiOptions checked(OpenAiOptions options) {
  check_settings(options);
  return options;
}

}  // namespace

struct OpenAiLabeller::Impl {
  Impl(Env& env, OpenAiOptions o, Clock& clock)
      : options(checked(std::move(o))), cache(env, options.cache), sender(options, cache, clock) {}

  const OpenAiOptions options;
  LabelCache cache;
  QuestionSender sender;
  // Of lines and the cache alone; no worker writes it.
  LabelStatistics lines;

  std::vector<Question> plan(std::span<LabelTask> tasks, std::vector<Lines>& documents) const {
    documents.reserve(tasks.size());
    std::vector<Question> questions;
    for (LabelTask& task : tasks) {
      const Lines& text = documents.emplace_back(split_lines(task.document.text));
      check_lines(task, text);
      task.labels.assign(task.lines.size(), Label::kFailed);
      size_t begin = 0;
      for (const size_t end : cut_into_requests(text, task.lines, options)) {
        Question& question = questions.emplace_back(
            Question{.task = &task, .lines = &text, .begin = begin, .end = end});
        question.key = question_key(make_question(task.document, text, question.asked(), options));
        begin = end;
      }
    }
    return questions;
  }

  // True when nothing has to be asked any more.
  bool settle_from_cache(const Question& question) const {
    const CachedAnswer known = cache.find(question.key);
    if (known.labels.empty()) return known.unreadable >= options.attempts;
    if (known.labels.size() != question.size()) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(options.cache.string(), ": expected ", question.size(),
                          " labels for key ", question.key, ", got ", known.labels.size()));
    }
    question.set(known.labels);
    return true;
  }

  void ask(const Question& question) {
    CachedAnswer known = cache.find(question.key);
    const Json json =
        make_question(question.task->document, *question.lines, question.asked(), options);
    while (known.unreadable < options.attempts) {
      const auto answer = sender.ask(
          question.key, make_body(json, question.size(), known.problem, options), question.asked());
      if (!answer) return;
      if (!answer->labels.empty()) return question.set(answer->labels);
      known.problem = answer->problem;
      ++known.unreadable;
    }
  }

  void ask_all(const std::vector<const Question*>& questions) {
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
      while (!sender.stopped()) {
        const size_t i = next++;
        if (i >= questions.size()) return;
        try {
          ask(*questions[i]);
        } catch (const Stopped&) {
          return;
        } catch (...) {
          const std::scoped_lock lock(mutex);
          if (!failure) failure = std::current_exception();
          sender.stop();
        }
      }
    };
    sender.resume();
    {
      std::vector<std::jthread> workers;
      const size_t count = std::min<size_t>(options.workers, questions.size());
      while (workers.size() < count) workers.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
  }

  void label(const std::vector<Question>& questions) {
    std::vector<const Question*> open, repeated;
    std::unordered_set<std::string_view> keys;
    for (const Question& question : questions) {
      if (settle_from_cache(question)) {
        count_cached(question);
      } else {
        (keys.insert(question.key).second ? open : repeated).push_back(&question);
      }
    }
    const auto settle_repeated = [&] {
      for (const Question* question : repeated) {
        if (settle_from_cache(*question)) count_cached(*question);
      }
    };
    try {
      ask_all(open);
    } catch (...) {
      settle_repeated();
      throw;
    }
    settle_repeated();
  }

  void count_cached(const Question& question) {
    ++lines.cached_requests;
    lines.cached_lines += question.size();
  }

  void count_lines(std::span<const LabelTask> tasks) {
    for (const LabelTask& task : tasks) {
      const auto failed =
          static_cast<uint64_t>(std::count(task.labels.begin(), task.labels.end(), Label::kFailed));
      lines.failed_lines += failed;
      lines.labelled_lines += task.labels.size() - failed;
    }
  }
};

OpenAiLabeller::OpenAiLabeller(Env& env, OpenAiOptions options, Clock& clock)
    : impl_(std::make_unique<Impl>(env, std::move(options), clock)) {}

OpenAiLabeller::~OpenAiLabeller() = default;

void OpenAiLabeller::label(std::span<LabelTask> tasks) {
  std::vector<Lines> documents;
  const std::vector<Question> questions = impl_->plan(tasks, documents);
  try {
    impl_->label(questions);
  } catch (Error& error) {
    impl_->count_lines(tasks);
    error.add_context("labelling with " + impl_->options.model);
    throw;
  }
  impl_->count_lines(tasks);
}

LabelStatistics OpenAiLabeller::statistics() const {
  LabelStatistics all = impl_->sender.statistics();
  all.labelled_lines = impl_->lines.labelled_lines;
  all.failed_lines = impl_->lines.failed_lines;
  all.cached_lines = impl_->lines.cached_lines;
  all.cached_requests = impl_->lines.cached_requests;
  return all;
}

Json OpenAiLabeller::report() const {
  const LabelStatistics done = statistics();
  return {{"requests", done.requests},
          {"retries", done.retries},
          {"failed_requests", done.failed_requests},
          {"refusals", done.refusals},
          {"unreadable_answers", done.unreadable_answers},
          {"prompt_tokens", done.prompt_tokens},
          {"completion_tokens", done.completion_tokens},
          {"cost", done.cost},
          {"underestimated", done.underestimated},
          {"labelled_lines", done.labelled_lines},
          {"failed_lines", done.failed_lines},
          {"cached_lines", done.cached_lines},
          {"cached_requests", done.cached_requests}};
}

}  // namespace rexbert::curate
