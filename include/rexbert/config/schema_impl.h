#pragma once

// Member functions of schema.h's templates; include that header, not this one.

#include <string>
#include <utility>
#include <vector>

#include "rexbert/config/schema.h"

namespace rexbert::config {
namespace detail {

template <class T>
struct IsNamedMap : std::false_type {};
template <class V>
struct IsNamedMap<std::map<std::string, V>> : std::true_type {};

template <class T>
struct IsStructList : std::false_type {};
template <class V>
struct IsStructList<std::vector<V>> : std::bool_constant<Described<V>> {};

template <class T>
struct IsOptionalStruct : std::false_type {};
template <class V>
struct IsOptionalStruct<std::optional<V>> : std::bool_constant<Described<V>> {};

// What a value of any supported member type does in reading, writing and documenting.
template <class Member>
struct MemberOps {
  static void read(const Node& node, Member& out, Reader& reader, const std::string& path,
                   const Limits& limits, [[maybe_unused]] bool inherit) {
    reader.forget_origins(path);  // of a value that this one replaces
    if constexpr (Described<Member>) {
      out = Member{};  // a block that is written replaces the inherited one as a whole
      schema_of<Member>().read(node, out, reader, path);
    } else if constexpr (IsOptionalStruct<Member>::value) {
      out.emplace();
      schema_of<typename Member::value_type>().read(node, *out, reader, path);
    } else if constexpr (IsNamedMap<Member>::value) {
      out.clear();
      if (node.kind != NodeKind::kMap) {
        reader.problem(node, path, "expected a map from names, got " + node.described());
        return;
      }
      for (const auto& [key, value] : node.map) {
        MemberOps<typename Member::mapped_type>::read(value, out[key], reader, join_path(path, key),
                                                      limits, false);
      }
    } else if constexpr (IsStructList<Member>::value) {
      read_struct_list(node, out, reader, path, inherit);
    } else {
      Codec<Member>::read(node, out, reader, path, limits);
    }
    reader.note_origin(path, node.where());
  }

  static Node write(const Member& value, const Limits& limits, const Reader* reader,
                    const std::string& path) {
    Node node;
    if constexpr (Described<Member>) {
      node = schema_of<Member>().write(value, reader, path);
    } else if constexpr (IsOptionalStruct<Member>::value) {
      if (value) node = schema_of<typename Member::value_type>().write(*value, reader, path);
    } else if constexpr (IsNamedMap<Member>::value) {
      node = Node::make_map();
      for (const auto& [key, item] : value) {
        node.map.emplace_back(key, MemberOps<typename Member::mapped_type>::write(
                                       item, limits, reader, join_path(path, key)));
      }
    } else if constexpr (IsStructList<Member>::value) {
      node = Node::make_list();
      for (size_t i = 0; i < value.size(); ++i) {
        node.list.push_back(schema_of<typename Member::value_type>().write(
            value[i], reader, path + "[" + std::to_string(i) + "]"));
      }
    } else {
      node = Codec<Member>::write(value, limits);
    }
    if (reader != nullptr) {
      const std::string origin = reader->origin(path);
      node.source = origin.empty() ? "default" : origin;
    }
    return node;
  }

  static std::string type_name([[maybe_unused]] const Limits& limits) {
    if constexpr (Described<Member> || IsOptionalStruct<Member>::value) {
      return "a block";
    } else if constexpr (IsNamedMap<Member>::value) {
      return "a map from names, each " + MemberOps<typename Member::mapped_type>::type_name(limits);
    } else if constexpr (IsStructList<Member>::value) {
      return "a list of blocks";
    } else {
      return Codec<Member>::type_name(limits);
    }
  }

  static std::vector<FieldDoc> nested() {
    if constexpr (Described<Member>) {
      return schema_of<Member>().document();
    } else if constexpr (IsOptionalStruct<Member>::value || IsStructList<Member>::value) {
      return schema_of<typename Member::value_type>().document();
    } else if constexpr (IsNamedMap<Member>::value) {
      return MemberOps<typename Member::mapped_type>::nested();
    } else {
      return {};
    }
  }

 private:
  static void read_struct_list(const Node& node, Member& out, Reader& reader,
                               const std::string& path, bool inherit) {
    using Item = typename Member::value_type;
    if (node.kind != NodeKind::kList) {
      reader.problem(node, path, "expected a list, got " + node.described());
      return;
    }
    out.clear();
    for (size_t i = 0; i < node.list.size(); ++i) {
      Item item;
      const std::string item_path = path + "[" + std::to_string(i) + "]";
      if (inherit && i > 0) {
        const std::string before = path + "[" + std::to_string(i - 1) + "]";
        item = schema_of<Item>().inherited_from(out.back());
        for (const auto& field : schema_of<Item>().fields()) {
          if (!field->is_inherited) continue;
          reader.note_inherited(join_path(item_path, field->name), join_path(before, field->name));
        }
      }
      schema_of<Item>().read(node.list[i], item, reader, item_path);
      out.push_back(std::move(item));
    }
  }
};

}  // namespace detail

template <class T>
template <class Member>
Field<T>& Schema<T>::field(std::string name, Member T::* member) {
  using Ops = detail::MemberOps<Member>;
  auto& added = *fields_.emplace_back(std::make_unique<Field<T>>());
  added.name = std::move(name);
  added.read = [member](const Node& node, T& out, Reader& reader, const std::string& path,
                        const Field<T>& self) {
    Ops::read(node, out.*member, reader, path, self.limits, self.inherits_in_list);
  };
  added.write = [member](const T& value, const Field<T>& self, const Reader* reader,
                         const std::string& path) {
    return Ops::write(value.*member, self.limits, reader, path);
  };
  added.copy = [member](const T& from, T& to) { to.*member = from.*member; };
  added.type_name = [](const Field<T>& self) { return Ops::type_name(self.limits); };
  added.nested = [] { return Ops::nested(); };
  return added;
}

template <class T>
void Schema<T>::read(const Node& node, T& out, Reader& reader, const std::string& path) const {
  if (node.kind != NodeKind::kMap) {
    reader.problem(node, path, "expected a map of keys, got " + node.described());
    return;
  }
  std::vector<std::string> known;
  for (const auto& field : fields_) known.push_back(field->name);
  for (const auto& [key, value] : node.map) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      reader.problem(value, join_path(path, key), unknown_key(key, known));
    }
  }
  const size_t problems_before = reader.problems().size();
  const auto report_missing = [&](const Field<T>& field) {
    reader.problem(node, join_path(path, field.name),
                   "missing; expected " + field.type_name(field));
  };
  for (const auto& field : fields_) {
    const Node* value = node.find(field->name);
    const std::string field_path = join_path(path, field->name);
    if (value != nullptr) {
      field->read(*value, out, reader, field_path, *field);
    } else if (field->is_required && !field->condition && reader.origin(field_path).empty()) {
      report_missing(*field);
    }
  }
  if (reader.problems().size() > problems_before) return;  // rules need values that were read
  for (const auto& field : fields_) {
    if (!field->condition) continue;
    const Node* value = node.find(field->name);
    const std::string field_path = join_path(path, field->name);
    if (value != nullptr && !field->condition(out)) {
      reader.problem(*value, field_path,
                     "has no effect here: it is used only " + field->condition_text);
    } else if (value == nullptr && field->is_required && field->condition(out) &&
               reader.origin(field_path).empty()) {
      report_missing(*field);
    }
  }
  if (reader.problems().size() > problems_before) return;
  for (const Check& rule : checks_) {
    rule(out, [&](std::string_view key, const std::string& what) {
      reader.problem(deepest_node(node, key), join_path(path, key), what);
    });
  }
}

template <class T>
T Schema<T>::inherited_from(const T& before) const {
  const T fresh{};
  T item = before;
  if (on_inherit_) on_inherit_(item);
  for (const auto& field : fields_) {
    if (!field->is_inherited) field->copy(fresh, item);
  }
  return item;
}

template <class T>
Node Schema<T>::write(const T& value, const Reader* reader, const std::string& path) const {
  Node node = Node::make_map();
  for (const auto& field : fields_) {
    if (field->condition && !field->condition(value)) continue;
    Node written = field->write(value, *field, reader, join_path(path, field->name));
    if (written.kind == NodeKind::kNull) continue;
    node.map.emplace_back(field->name, std::move(written));
  }
  return node;
}

template <class T>
std::vector<FieldDoc> Schema<T>::document() const {
  const T standard{};
  std::vector<FieldDoc> docs;
  for (const auto& field : fields_) {
    FieldDoc doc;
    doc.name = field->name;
    doc.type = field->type_name(*field);
    doc.doc = field->doc_text;
    doc.unit = field->unit_text;
    doc.cost = field->cost_text;
    doc.condition = field->condition_text;
    doc.required = field->is_required;
    doc.nested = field->nested();
    if (doc.nested.empty() && !field->is_required) {
      const Node written = field->write(standard, *field, nullptr, "");
      doc.standard = written.kind == NodeKind::kNull ? "" : written.described();
      if (written.kind == NodeKind::kList || written.kind == NodeKind::kMap) {
        doc.standard = to_yaml(written, false);
        doc.standard.pop_back();
      }
    }
    docs.push_back(std::move(doc));
  }
  return docs;
}

}  // namespace rexbert::config
