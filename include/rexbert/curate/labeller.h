#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/curate/document.h"

namespace rexbert::curate {

enum class Label : int8_t { kFailed = -1, kOther = 0, kEcommerce = 1 };

// Some lines of a document to be labelled, all of the document in view.
struct LabelTask {
  Document document;
  std::vector<uint32_t> lines;  // 0-based, of split_lines(document.text), rising
  std::vector<Label> labels;    // of `lines`, once they are labelled
};

// Says of lines whether they are e-commerce.
class Labeller {
 public:
  virtual ~Labeller() = default;
  // Sets the labels of every task: as many as lines, kFailed where no answer could be had. Throws
  // only for what makes further calls pointless, such as a budget that is spent or a refused key.
  virtual void label(std::span<LabelTask> tasks) = 0;
  // What it did and what that cost, by name, since it was made; null where there is nothing to say.
  virtual Json report() const { return {}; }
};

}  // namespace rexbert::curate
