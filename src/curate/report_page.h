#pragma once

#include <string>

#include "rexbert/core/json.h"

namespace rexbert::curate {

// The report as one HTML page that refers to nothing outside of it. `report` is what report_data()
// returns; the page shows no number that is not in it.
std::string report_page(const Json& report);

}  // namespace rexbert::curate
