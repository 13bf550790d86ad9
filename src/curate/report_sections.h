#pragma once

#include <string>
#include <vector>

#include "rexbert/core/json.h"

// The sections of the report's page, each from its members of the report.
namespace rexbert::curate {

std::string funnel_section(const Json& report);
std::string domains_section(const Json& report);
std::string lengths_section(const Json& report);
std::string audit_section(const Json& report);
std::string duplicates_section(const Json& report);
std::string contamination_section(const Json& report);

// Foreign text, whose direction of writing stays its own.
std::string foreign(const Json& text);
std::string shown_count(const Json& count);
std::string shown_share(const Json& share);
// Document lengths or scores of lines as columns.
std::string lengths_chart(const std::string& of, const Json& bins);
std::string scores_chart(const std::string& alt, const std::string& name, const Json& bins);

}  // namespace rexbert::curate
