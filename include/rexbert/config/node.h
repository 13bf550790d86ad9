#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"

// config: strict YAML to plain structs.
//
// A config file becomes a tree of Nodes, each of which knows the file and line it came from;
// includes are merged, environment variables filled in and `--set` overrides applied on that tree.
// A struct declares its fields once (schema.h); from that one declaration come the strict reader
// (unknown, duplicate, inert and mistyped keys are errors with file, line and the nearest known
// key), the printed resolved config with the provenance of each value, and the reference page
// docs/configuration.md. yaml-cpp is used inside and seen by no one.
namespace rexbert::config {

enum class NodeKind { kNull, kScalar, kList, kMap };

// One value of a config with where it was written.
struct Node {
  NodeKind kind = NodeKind::kNull;
  std::string scalar;
  bool quoted = false;
  std::vector<Node> list;
  struct Member;
  std::vector<Member> map;  // in the order written
  std::string source;       // a file's path, "--set", "preset base"
  int line = 0;             // 1 is the first; 0 where there are no lines

  // "configs/base.yaml:31" or "--set".
  std::string where() const;
  // What the value is, for error messages: `-5`, `a list of 3`, `a map`.
  std::string described() const;

  const Node* find(std::string_view key) const;

  static Node make_scalar(std::string value);
  static Node make_list();
  static Node make_map();
};

// One key of a map and its value.
struct Node::Member {
  Member(std::string key, Node value) : first(std::move(key)), second(std::move(value)) {}

  std::string first;
  Node second;
};

// Parses one YAML document; `source` names it. Duplicate keys, anchors that are not defined and
// broken syntax are Error(kConfig) with source and line.
Node parse_yaml(std::string_view text, const std::string& source);

// Reads a config file: `${NAME}` and `${NAME:-fallback}` in scalars are replaced by environment
// variables. `include:` in any map (a path or a list of paths, relative to the file;
// "file.yaml#a.0" takes the map at that place in the file) is merged below the map's own keys: maps
// key by key, anything else as a whole. Then each of `overrides` ("phases.0.tokens=10M") is
// applied; its path names map keys and list indices.
Node load_config(Env& env, const fs::path& path, const std::vector<std::string>& overrides = {});

// Applies one override.
void apply_override(Node& root, std::string_view assignment);

// YAML text; where a node's source is set and `with_origin` is true, a comment after the value says
// it.
std::string to_yaml(const Node& node, bool with_origin);

}  // namespace rexbert::config
