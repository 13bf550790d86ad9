#pragma once

#include <memory>
#include <span>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/infer/embed_file.h"

namespace rexbert::infer {

// A file of vectors being written beside its place.
class VectorFile {
 public:
  virtual ~VectorFile() = default;
  // `vectors_SD` one behind the other, and the names of their texts.
  virtual void append(std::span<const float> vectors_SD, std::span<const std::string> names) = 0;
  // Puts the whole file into its place. Without it nothing stays.
  virtual void publish() = 0;
};

std::unique_ptr<VectorFile> create_vector_file(Env& env, const fs::path& path, VectorFormat format,
                                               int64_t dimensions);

}  // namespace rexbert::infer
