#include "curate/line_truth.h"

#include "rexbert/core/strings.h"

namespace rexbert::test {

using curate::Label;
using curate::LabelTask;

std::string LineScore::to_text() const {
  const uint64_t lines = true_positives + false_positives + false_negatives + true_negatives;
  std::string text =
      str_printf("%llu lines: precision %.4f, recall %.4f, F1 %.4f\n",
                 static_cast<unsigned long long>(lines), precision(), recall(), f1());
  for (const auto& [name, source] : sources) {
    text +=
        str_printf("  %-24s %.4f of %llu right\n", name.c_str(), ratio(source.right, source.lines),
                   static_cast<unsigned long long>(source.lines));
  }
  return text;
}

void score_lines(curate::WeakLabeller& labeller, const std::vector<TrueLine>& lines,
                 LineScore& score) {
  std::vector<LabelTask> tasks(1);
  for (uint32_t i = 0; i < lines.size(); ++i) {
    tasks[0].document.text += lines[i].text + "\n";
    tasks[0].lines.push_back(i);
  }
  labeller.label(tasks);
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool said = tasks[0].labels[i] == Label::kEcommerce;
    const bool truth = lines[i].ecommerce;
    ++(truth ? (said ? score.true_positives : score.false_negatives)
             : (said ? score.false_positives : score.true_negatives));
    LineScore::Source& source = score.sources[lines[i].source];
    ++source.lines;
    source.right += said == truth ? 1 : 0;
  }
}

}  // namespace rexbert::test
