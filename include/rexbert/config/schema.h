#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rexbert/config/codec.h"
#include "rexbert/config/node.h"
#include "rexbert/config/reader.h"

namespace rexbert::config {

template <class T>
class Schema;

// A struct takes part by declaring, in its own namespace,
//   void describe(config::Schema<Options>& schema);
// found by argument-dependent lookup. Its member initializers are the defaults.
template <class T>
concept Described = std::is_class_v<T> && requires(Schema<T>& schema) { describe(schema); };

// One key as the reference page shows it.
struct FieldDoc {
  std::string name, type, standard, doc, unit, cost, condition;
  bool required = false;
  std::vector<FieldDoc> nested;
};

// The declaration of one field; the setters are chained behind Schema::field().
template <class T>
struct Field {
  std::string name, doc_text, unit_text, cost_text, condition_text;
  Limits limits;
  bool is_required = false;
  bool is_inherited = true;
  bool inherits_in_list = false;
  std::function<bool(const T&)> condition;
  std::function<void(const Node&, T&, Reader&, const std::string&, const Field&)> read;
  std::function<Node(const T&, const Field&, const Reader*, const std::string&)> write;
  std::function<void(const T& from, T& to)> copy;
  std::function<std::string(const Field&)> type_name;
  std::function<std::vector<FieldDoc>()> nested;

  Field& doc(std::string text) { return doc_text = std::move(text), *this; }
  Field& unit(std::string text) { return unit_text = std::move(text), *this; }
  Field& cost(std::string text) { return cost_text = std::move(text), *this; }
  Field& min(double value) { return limits.minimum = value, *this; }
  Field& max(double value) { return limits.maximum = value, *this; }
  Field& above(double value) { return limits.minimum = value, limits.above_minimum = true, *this; }
  // Written with SI suffixes ("1.7T").
  Field& count() { return limits.form = NumberForm::kCount, *this; }
  // Written with byte suffixes ("64MiB").
  Field& bytes() { return limits.form = NumberForm::kBytes, *this; }
  // Must be written (with only_when: where the condition holds).
  Field& required() { return is_required = true, *this; }
  // In a list whose items inherit from the item before: this key does not and has its default
  // again.
  Field& own() { return is_inherited = false, *this; }
  // For a list of structs: keys omitted in an item are those of the item before.
  Field& items_inherit() { return inherits_in_list = true, *this; }
  // The key has an effect only where `holds`; elsewhere writing it is an error that says `when`.
  Field& only_when(std::string when, std::function<bool(const T&)> holds) {
    return condition_text = std::move(when), condition = std::move(holds), *this;
  }
};

template <class T>
class Schema {
 public:
  // Reports a key, or a path below one ("phases[1].tokens"), and what is wrong with it.
  using Report = std::function<void(std::string_view path, const std::string& what)>;
  using Check = std::function<void(const T&, const Report&)>;

  template <class Member>
  Field<T>& field(std::string name, Member T::* member);

  // A rule across fields, tried once all of them could be read.
  void check(Check rule) { checks_.push_back(std::move(rule)); }

  // For items of a list that inherit: turns a copy of the item before into what this one starts
  // from.
  void on_inherit(std::function<void(T&)> change) { on_inherit_ = std::move(change); }
  // What an item that omits all keys has after `before`.
  T inherited_from(const T& before) const;

  void read(const Node& node, T& out, Reader& reader, const std::string& path) const;
  Node write(const T& value, const Reader* reader, const std::string& path) const;
  std::vector<FieldDoc> document() const;

  const std::vector<std::unique_ptr<Field<T>>>& fields() const { return fields_; }

 private:
  std::vector<std::unique_ptr<Field<T>>> fields_;
  std::vector<Check> checks_;
  std::function<void(T&)> on_inherit_;
};

template <class T>
const Schema<T>& schema_of() {
  static const Schema<T> schema = [] {
    Schema<T> built;
    describe(built);
    return built;
  }();
  return schema;
}

// Reads a whole struct; throws Error(kConfig) with every problem found.
template <class T>
T read_struct(const Node& root, Reader& reader) {
  T value;
  schema_of<T>().read(root, value, reader, "");
  reader.throw_if_problems();
  return value;
}

}  // namespace rexbert::config

#include "rexbert/config/schema_impl.h"
