#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rexbert/config/node.h"
#include "rexbert/config/reader.h"

namespace rexbert::config {

enum class NumberForm { kPlain, kCount, kBytes };

// What a field allows, besides its type.
struct Limits {
  NumberForm form = NumberForm::kPlain;
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool above_minimum = false;  // the minimum itself is excluded

  bool allows(double value) const;
  // " above 0", " from 0 to 1" or "".
  std::string described() const;
};

// How a C++ type is read from a Node, written to one and named in the reference. A module
// specializes it for a type of its own whose YAML form is not a plain value or struct.
template <class T, class Enable = void>
struct Codec;

bool read_bool(const Node& node, bool& out);
bool read_integer(const Node& node, NumberForm form, int64_t& out);
bool read_double(const Node& node, double& out);
std::string write_double(double value);
std::string write_integer(int64_t value, NumberForm form);
std::string integer_type_name(NumberForm form);

template <>
struct Codec<bool> {
  static void read(const Node& node, bool& out, Reader& reader, const std::string& path,
                   const Limits&) {
    if (!read_bool(node, out)) {
      reader.problem(node, path, "expected true or false, got " + node.described());
    }
  }
  static Node write(bool value, const Limits&) {
    return Node::make_scalar(value ? "true" : "false");
  }
  static std::string type_name(const Limits&) { return "true or false"; }
};

template <class T>
struct Codec<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static void read(const Node& node, T& out, Reader& reader, const std::string& path,
                   const Limits& limits) {
    int64_t value = 0;
    const bool fits = read_integer(node, limits.form, value) && std::in_range<T>(value) &&
                      limits.allows(static_cast<double>(value));
    if (fits) {
      out = static_cast<T>(value);
    } else {
      reader.problem(node, path, "expected " + type_name(limits) + ", got " + node.described());
    }
  }
  static Node write(T value, const Limits& limits) {
    return Node::make_scalar(write_integer(static_cast<int64_t>(value), limits.form));
  }
  static std::string type_name(const Limits& limits) {
    return integer_type_name(limits.form) + limits.described();
  }
};

template <>
struct Codec<double> {
  static void read(const Node& node, double& out, Reader& reader, const std::string& path,
                   const Limits& limits) {
    double value = 0;
    if (read_double(node, value) && limits.allows(value)) {
      out = value;
    } else {
      reader.problem(node, path, "expected " + type_name(limits) + ", got " + node.described());
    }
  }
  static Node write(double value, const Limits&) { return Node::make_scalar(write_double(value)); }
  static std::string type_name(const Limits& limits) { return "a number" + limits.described(); }
};

template <>
struct Codec<std::string> {
  static void read(const Node& node, std::string& out, Reader& reader, const std::string& path,
                   const Limits&) {
    if (node.kind == NodeKind::kScalar) {
      out = node.scalar;
    } else {
      reader.problem(node, path, "expected a text, got " + node.described());
    }
  }
  static Node write(const std::string& value, const Limits&) { return Node::make_scalar(value); }
  static std::string type_name(const Limits&) { return "a text"; }
};

template <>
struct Codec<std::filesystem::path> {
  static void read(const Node& node, std::filesystem::path& out, Reader& reader,
                   const std::string& path, const Limits& limits) {
    std::string text = out.string();
    Codec<std::string>::read(node, text, reader, path, limits);
    out = text;
  }
  static Node write(const std::filesystem::path& value, const Limits&) {
    return Node::make_scalar(value.string());
  }
  static std::string type_name(const Limits&) { return "a path"; }
};

template <class T>
struct Codec<std::optional<T>> {
  static void read(const Node& node, std::optional<T>& out, Reader& reader, const std::string& path,
                   const Limits& limits) {
    T value{};
    Codec<T>::read(node, value, reader, path, limits);
    out = std::move(value);
  }
  static Node write(const std::optional<T>& value, const Limits& limits) {
    return value ? Codec<T>::write(*value, limits) : Node();
  }
  static std::string type_name(const Limits& limits) { return Codec<T>::type_name(limits); }
};

// Enumerations: `EnumNames<E> names_of(E)` is found by argument-dependent lookup.
template <class E>
using EnumNames = std::vector<std::pair<E, std::string>>;

template <class E>
struct Codec<E, std::enable_if_t<std::is_enum_v<E>>> {
  static void read(const Node& node, E& out, Reader& reader, const std::string& path,
                   const Limits& limits) {
    for (const auto& [value, name] : names_of(E{})) {
      if (node.kind == NodeKind::kScalar && node.scalar == name) {
        out = value;
        return;
      }
    }
    reader.problem(node, path, "expected " + type_name(limits) + ", got " + node.described());
  }
  static Node write(E value, const Limits&) {
    for (const auto& [known, name] : names_of(E{})) {
      if (known == value) return Node::make_scalar(name);
    }
    return Node();
  }
  static std::string type_name(const Limits&) {
    std::string text = "one of";
    for (const auto& [value, name] : names_of(E{})) text += (text == "one of" ? " " : ", ") + name;
    return text;
  }
};

// Lists of plain values.
template <class T>
struct Codec<std::vector<T>> {
  static void read(const Node& node, std::vector<T>& out, Reader& reader, const std::string& path,
                   const Limits& limits) {
    if (node.kind != NodeKind::kList) {
      reader.problem(node, path, "expected " + type_name(limits) + ", got " + node.described());
      return;
    }
    out.assign(node.list.size(), T{});
    for (size_t i = 0; i < node.list.size(); ++i) {
      const std::string item_path = path + "[" + std::to_string(i) + "]";
      T value{};
      Codec<T>::read(node.list[i], value, reader, item_path, limits);
      out[i] = std::move(value);
    }
  }
  static Node write(const std::vector<T>& values, const Limits& limits) {
    Node node = Node::make_list();
    for (const T& value : values) node.list.push_back(Codec<T>::write(value, limits));
    return node;
  }
  static std::string type_name(const Limits& limits) {
    return "a list, each " + Codec<T>::type_name(limits);
  }
};

}  // namespace rexbert::config
