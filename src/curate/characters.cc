#include "curate/characters.h"

#include <algorithm>
#include <iterator>

namespace rexbert::curate {
namespace {

struct KindRange {
  char32_t first, last;
  CharacterKind kind;
};

// From the general categories of Unicode 15; what lies between ranges is part of a word.
constexpr KindRange kKinds[] = {
    {0x0000, 0x002F, CharacterKind::kSeparator},   {0x003A, 0x0040, CharacterKind::kSeparator},
    {0x005B, 0x0060, CharacterKind::kSeparator},   {0x007B, 0x00A9, CharacterKind::kSeparator},
    {0x00AB, 0x00AC, CharacterKind::kSeparator},   {0x00AD, 0x00AD, CharacterKind::kIgnored},
    {0x00AE, 0x00B1, CharacterKind::kSeparator},   {0x00B4, 0x00B4, CharacterKind::kSeparator},
    {0x00B6, 0x00B8, CharacterKind::kSeparator},   {0x00BB, 0x00BB, CharacterKind::kSeparator},
    {0x00BF, 0x00BF, CharacterKind::kSeparator},   {0x00D7, 0x00D7, CharacterKind::kSeparator},
    {0x00F7, 0x00F7, CharacterKind::kSeparator},   {0x02C2, 0x02C5, CharacterKind::kSeparator},
    {0x02D2, 0x02DF, CharacterKind::kSeparator},   {0x02E5, 0x02EB, CharacterKind::kSeparator},
    {0x02ED, 0x02ED, CharacterKind::kSeparator},   {0x02EF, 0x02FF, CharacterKind::kSeparator},
    {0x037E, 0x037E, CharacterKind::kSeparator},   {0x0384, 0x0385, CharacterKind::kSeparator},
    {0x0387, 0x0387, CharacterKind::kSeparator},   {0x055A, 0x055F, CharacterKind::kSeparator},
    {0x0589, 0x058F, CharacterKind::kSeparator},   {0x05BE, 0x05BE, CharacterKind::kSeparator},
    {0x05C0, 0x05C0, CharacterKind::kSeparator},   {0x05C3, 0x05C3, CharacterKind::kSeparator},
    {0x05C6, 0x05C6, CharacterKind::kSeparator},   {0x05F3, 0x05F4, CharacterKind::kSeparator},
    {0x0600, 0x060F, CharacterKind::kSeparator},   {0x061B, 0x061F, CharacterKind::kSeparator},
    {0x066A, 0x066D, CharacterKind::kSeparator},   {0x06D4, 0x06D4, CharacterKind::kSeparator},
    {0x0964, 0x0965, CharacterKind::kSeparator},   {0x0970, 0x0970, CharacterKind::kSeparator},
    {0x0E00, 0x0E3E, CharacterKind::kAlone},       {0x0E3F, 0x0E3F, CharacterKind::kSeparator},
    {0x0E40, 0x0E4E, CharacterKind::kAlone},       {0x0E4F, 0x0E4F, CharacterKind::kSeparator},
    {0x0E50, 0x0E59, CharacterKind::kWord},        {0x0E5A, 0x0E5B, CharacterKind::kSeparator},
    {0x0E80, 0x0ECF, CharacterKind::kAlone},       {0x0EDC, 0x0EDF, CharacterKind::kAlone},
    {0x1000, 0x103F, CharacterKind::kAlone},       {0x104A, 0x104F, CharacterKind::kSeparator},
    {0x1050, 0x108F, CharacterKind::kAlone},       {0x1360, 0x1368, CharacterKind::kSeparator},
    {0x1680, 0x1680, CharacterKind::kSeparator},   {0x1780, 0x17D3, CharacterKind::kAlone},
    {0x17D4, 0x17DB, CharacterKind::kSeparator},   {0x1800, 0x180A, CharacterKind::kSeparator},
    {0x180B, 0x180E, CharacterKind::kIgnored},     {0x2000, 0x200B, CharacterKind::kSeparator},
    {0x200C, 0x200F, CharacterKind::kIgnored},     {0x2010, 0x2029, CharacterKind::kSeparator},
    {0x202A, 0x202E, CharacterKind::kIgnored},     {0x202F, 0x205F, CharacterKind::kSeparator},
    {0x2060, 0x206F, CharacterKind::kIgnored},     {0x207A, 0x207E, CharacterKind::kSeparator},
    {0x208A, 0x208E, CharacterKind::kSeparator},   {0x20A0, 0x20CF, CharacterKind::kSeparator},
    {0x2100, 0x2101, CharacterKind::kSeparator},   {0x2116, 0x2118, CharacterKind::kSeparator},
    {0x2120, 0x2123, CharacterKind::kSeparator},   {0x2190, 0x245F, CharacterKind::kSeparator},
    {0x2500, 0x2775, CharacterKind::kSeparator},   {0x2794, 0x2BFF, CharacterKind::kSeparator},
    {0x2E00, 0x2E7F, CharacterKind::kSeparator},   {0x2E80, 0x2FDF, CharacterKind::kAlone},
    {0x2FF0, 0x3004, CharacterKind::kSeparator},   {0x3005, 0x3007, CharacterKind::kAlone},
    {0x3008, 0x3020, CharacterKind::kSeparator},   {0x3021, 0x3029, CharacterKind::kAlone},
    {0x3030, 0x3030, CharacterKind::kSeparator},   {0x303D, 0x303F, CharacterKind::kSeparator},
    {0x3041, 0x309F, CharacterKind::kAlone},       {0x30A0, 0x30A0, CharacterKind::kSeparator},
    {0x30A1, 0x30FA, CharacterKind::kAlone},       {0x30FB, 0x30FB, CharacterKind::kSeparator},
    {0x30FC, 0x312F, CharacterKind::kAlone},       {0x31A0, 0x31FF, CharacterKind::kAlone},
    {0x3200, 0x33FF, CharacterKind::kSeparator},   {0x3400, 0x4DBF, CharacterKind::kAlone},
    {0x4DC0, 0x4DFF, CharacterKind::kSeparator},   {0x4E00, 0x9FFF, CharacterKind::kAlone},
    {0xD800, 0xF8FF, CharacterKind::kSeparator},   {0xF900, 0xFAFF, CharacterKind::kAlone},
    {0xFD3E, 0xFD3F, CharacterKind::kSeparator},   {0xFE00, 0xFE0F, CharacterKind::kIgnored},
    {0xFE10, 0xFE1F, CharacterKind::kSeparator},   {0xFE30, 0xFE6F, CharacterKind::kSeparator},
    {0xFEFF, 0xFEFF, CharacterKind::kIgnored},     {0xFF5F, 0xFF65, CharacterKind::kSeparator},
    {0xFF66, 0xFF9F, CharacterKind::kAlone},       {0xFFE0, 0xFFFF, CharacterKind::kSeparator},
    {0x1D100, 0x1D1FF, CharacterKind::kSeparator}, {0x1F000, 0x1FAFF, CharacterKind::kSeparator},
    {0x20000, 0x3FFFF, CharacterKind::kAlone},     {0xE0000, 0xE0FFF, CharacterKind::kIgnored},
    {0xF0000, 0x10FFFF, CharacterKind::kSeparator}};

// first, first + step, ..., last are upper case; their lower case is `offset` further.
struct CaseRange {
  char32_t first, last;
  uint32_t step;
  int32_t offset;
};

// From UnicodeData.txt of Unicode 15, simple mappings.
constexpr CaseRange kLowerCase[] = {
    {0x0041, 0x005A, 1, 32},    {0x00C0, 0x00D6, 1, 32},    {0x00D8, 0x00DE, 1, 32},
    {0x0100, 0x012E, 2, 1},     {0x0130, 0x0130, 1, -199},  {0x0132, 0x0136, 2, 1},
    {0x0139, 0x0147, 2, 1},     {0x014A, 0x0176, 2, 1},     {0x0178, 0x0178, 1, -121},
    {0x0179, 0x017D, 2, 1},     {0x0187, 0x0187, 1, 1},     {0x0198, 0x0198, 1, 1},
    {0x01A0, 0x01A4, 2, 1},     {0x01AF, 0x01AF, 1, 1},     {0x01B3, 0x01B5, 2, 1},
    {0x01CD, 0x01DB, 2, 1},     {0x01DE, 0x01EE, 2, 1},     {0x01F4, 0x01F4, 1, 1},
    {0x01F8, 0x021E, 2, 1},     {0x0222, 0x0232, 2, 1},     {0x0386, 0x0386, 1, 38},
    {0x0388, 0x038A, 1, 37},    {0x038C, 0x038C, 1, 64},    {0x038E, 0x038F, 1, 63},
    {0x0391, 0x03A1, 1, 32},    {0x03A3, 0x03AB, 1, 32},    {0x03C2, 0x03C2, 1, 1},
    {0x03D8, 0x03EE, 2, 1},     {0x0400, 0x040F, 1, 80},    {0x0410, 0x042F, 1, 32},
    {0x0460, 0x0480, 2, 1},     {0x048A, 0x04BE, 2, 1},     {0x04C0, 0x04C0, 1, 15},
    {0x04C1, 0x04CD, 2, 1},     {0x04D0, 0x052E, 2, 1},     {0x0531, 0x0556, 1, 48},
    {0x10A0, 0x10C5, 1, 7264},  {0x1C90, 0x1CBA, 1, -3008}, {0x1E00, 0x1E94, 2, 1},
    {0x1E9E, 0x1E9E, 1, -7615}, {0x1EA0, 0x1EFE, 2, 1},     {0x1F08, 0x1F0F, 1, -8},
    {0x1F18, 0x1F1D, 1, -8},    {0x1F28, 0x1F2F, 1, -8},    {0x1F38, 0x1F3F, 1, -8},
    {0x1F48, 0x1F4D, 1, -8},    {0x1F59, 0x1F5F, 2, -8},    {0x1F68, 0x1F6F, 1, -8},
    {0x2160, 0x216F, 1, 16},    {0x24B6, 0x24CF, 1, 26},    {0x2C00, 0x2C2F, 1, 48},
    {0x2C80, 0x2CE2, 2, 1},     {0xA640, 0xA66C, 2, 1},     {0xFF21, 0xFF3A, 1, 32 - 0xFEE0}};

// The range of a sorted table that holds `character`, or null.
template <class Range, size_t size>
const Range* find_range(const Range (&table)[size], char32_t character) {
  const Range* range =
      std::upper_bound(std::begin(table), std::end(table), character,
                       [](char32_t value, const Range& entry) { return value < entry.first; });
  if (range == std::begin(table)) return nullptr;
  --range;
  return character <= range->last ? range : nullptr;
}

}  // namespace

CharacterKind character_kind(char32_t character) {
  if (character >= 0xFF01 && character <= 0xFF5E) character -= 0xFEE0;
  const KindRange* range = find_range(kKinds, character);
  return range != nullptr ? range->kind : CharacterKind::kWord;
}

char32_t lower_case(char32_t character) {
  const CaseRange* range = find_range(kLowerCase, character);
  if (range != nullptr && (character - range->first) % range->step == 0) {
    return static_cast<char32_t>(static_cast<int32_t>(character) + range->offset);
  }
  if (character >= 0xFF01 && character <= 0xFF5E) return character - 0xFEE0;
  return character;
}

}  // namespace rexbert::curate
