#include "rexbert/train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <cstring>

#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

uint32_t masked_crc(std::string_view data) {
  const uint32_t crc = crc32c(data);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

template <class T>
std::string little_endian(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string varint(uint64_t value) {
  std::string out;
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  return out += static_cast<char>(value);
}

// Protocol-buffer wire types.
std::string tag(uint32_t field, uint32_t wire_type) { return varint(field << 3 | wire_type); }
std::string field_varint(uint32_t field, int64_t value) {
  return tag(field, 0) + varint(static_cast<uint64_t>(value));
}
std::string field_double(uint32_t field, double value) {
  return tag(field, 1) + little_endian(value);
}
std::string field_float(uint32_t field, float value) {
  return tag(field, 5) + little_endian(value);
}
std::string field_bytes(uint32_t field, std::string_view value) {
  return tag(field, 2) + varint(value.size()) + std::string(value);
}

// Event: wall_time 1, step 2, file_version 3, summary 5, session_log 7 (SessionLog: status 1 =
// START).
std::string event_prefix(double wall_time, int64_t step) {
  return field_double(1, wall_time) + field_varint(2, step);
}

}  // namespace

uint32_t crc32c(std::string_view data) {
  uint32_t crc = ~0u;
  for (const char c : data) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xFF];
  return ~crc;
}

EventWriter::EventWriter(Env& env, const fs::path& directory, double wall_time,
                         int64_t first_step) {
  env.create_directories(directory);
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const std::string name = str_printf("events.out.tfevents.%010lld.%s.%d",
                                      static_cast<long long>(wall_time), host.data(), getpid());
  file_ = env.new_writable_file(directory / name);
  write_record(event_prefix(wall_time, 0) + field_bytes(3, "brain.Event:2"));
  if (first_step > 0) {
    write_record(event_prefix(wall_time, first_step) + field_bytes(7, field_varint(1, 1)));
  }
  flush();
}

EventWriter::~EventWriter() = default;

void EventWriter::scalars(double wall_time, int64_t step,
                          const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [name, value] : values) {
    summary += field_bytes(1, field_bytes(1, name) + field_float(2, static_cast<float>(value)));
  }
  write_record(event_prefix(wall_time, step) + field_bytes(5, summary));
}

void EventWriter::flush() { file_->sync(); }

void EventWriter::write_record(const std::string& event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  file_->append(length);
  file_->append(little_endian(masked_crc(length)));
  file_->append(event);
  file_->append(little_endian(masked_crc(event)));
}

}  // namespace rexbert::train
