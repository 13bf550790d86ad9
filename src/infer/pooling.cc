#include "rexbert/infer/pooling.h"

namespace rexbert::infer {

config::EnumNames<Pooling> names_of(Pooling) {
  return {{Pooling::kCls, "cls"}, {Pooling::kMean, "mean"}};
}

}  // namespace rexbert::infer
