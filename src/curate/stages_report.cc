// The stage that tells people what became of everything.

#include "curate/report_data.h"
#include "curate/report_page.h"
#include "curate/stages.h"

namespace rexbert::curate {

void run_report(const StageContext& context) {
  ReportSampleOptions options;
  options.seed = context.config.run.seed;
  StageFolder folder(context.env, context.directory("report"),
                     {{"input", context.input_settings()},
                      {"seed", options.seed},
                      {"audit", context.config.audit.kind != LabellerKind::kNone},
                      {"dedup", context.config.dedup.enabled},
                      {"decontaminate", !context.config.decontaminate.evaluation.empty()}});
  if (folder.is_done("report")) return;
  const Json report = report_data(context, options);
  publish_file(context.env, folder / "report.html", report_page(report));
  folder.finish("report", report);
}

}  // namespace rexbert::curate
