#include "poise/capi/handles.h"

using namespace poise;        // NOLINT(google-build-using-namespace): C has none
using namespace poise::capi;  // NOLINT(google-build-using-namespace)

void poise_coco_options_init(poise_coco_options* options) {
  *options = {};
  options->size = sizeof(*options);
  options->rules = "cocoapi";
}

poise_code poise_metrics_coco(const char* truth, const char* results, const poise_coco_options* options,
                              poise_report** report, poise_error* error) {
  return made(report, error, [&]() -> Result<std::unique_ptr<poise_report>> {
    POISE_RETURN_IF_ERROR(check_there(truth, "the truth's path"));
    POISE_RETURN_IF_ERROR(check_there(results, "the results' path"));
    POISE_TRY(const poise_coco_options o, options_of(options, poise_coco_options_init));
    CocoReportOptions wanted;
    wanted.truth = truth;
    wanted.results = results;
    wanted.sigmas = text_of(o.sigmas);
    if (o.boxes != 0) wanted.part = CocoPart::kNone;
    POISE_TRY(wanted.variant, coco_rules(text_of(o.rules)));
    POISE_TRY(CocoReport measured, measure_coco(wanted));
    std::string json = to_json(measured).dump();
    return std::make_unique<poise_report>(poise_report{std::move(measured), std::move(json)});
  });
}

void poise_report_free(poise_report* report) { delete report; }

size_t poise_report_count(const poise_report* report) {
  return report == nullptr ? 0 : report->report.evaluation.figures.size();
}

const char* poise_report_name(const poise_report* report, size_t figure) {
  return figure < poise_report_count(report) ? report->report.evaluation.figures[figure].first.c_str() : nullptr;
}

double poise_report_value(const poise_report* report, size_t figure) {
  return figure < poise_report_count(report) ? report->report.evaluation.figures[figure].second : -1;
}

const char* poise_report_json(const poise_report* report) { return report == nullptr ? nullptr : report->json.c_str(); }
