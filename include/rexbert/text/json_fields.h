#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::text {

// Members of JSON objects, as texts. A path names a member ("title") or one of objects inside
// ("offers.price"); a name that holds dots itself is found first. A string is taken as it is,
// numbers and booleans as JSON writes them; a list gives its entries' texts joined, on the way of a
// path too; an object stands for its member "name" or else "@value" (schema.org). What is missing,
// null or of no text gives an empty text, and so does an empty path.
struct JsonFields {
  std::vector<std::string> paths = {};
  // Default ", ".
  std::string list_separator = ", ";
  // Only of objects whose "@type" is this, with or without "https://schema.org/" before it,
  // wherever they lie, but not one inside another. Default empty: of the root, which is to be an
  // object.
  std::string type = {};

  bool empty() const { return paths.empty(); }
};

// Takes fields from texts of JSON. For one thread at a time.
class JsonFieldReader {
 public:
  explicit JsonFieldReader(JsonFields fields);
  ~JsonFieldReader();

  // Appends to `values` one for each path, for each object found; returns how many were found.
  // Throws Error(kCorrupt), without a place, when `json` is broken.
  size_t read(std::string_view json, std::vector<std::string>& values);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::text
