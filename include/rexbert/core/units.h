#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Numbers as people write them in configs.
namespace rexbert {

// A count: digits with an optional fraction and an optional SI suffix k, M, G or B (10^9), T, or an
// exponent of 0 to 18: "4608", "1.7T", "50B", "10M", "3e9". The value must be a whole number that
// fits int64.
std::optional<int64_t> parse_count(std::string_view text);

// A size in bytes: a count with a suffix B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB
// (powers of 1024); a bare number is bytes.
std::optional<int64_t> parse_bytes(std::string_view text);

// "1.7T", "350B", "4,608", "-3": four significant digits at the most above 10,000.
std::string format_count(int64_t value);

// "1.5 GiB".
std::string format_bytes(uint64_t bytes);

// "3:07:12", "12:05" or "4.2 s".
std::string format_duration(double seconds);

}  // namespace rexbert
