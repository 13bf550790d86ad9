#pragma once

// ops: the operations of the model that deserve more than a chain of ATen calls.
//
// Each op has one contract, in the header that declares it: the equation, shapes, types, what it
// throws and where the definition comes from. Each has two implementations of that contract:
// ops::reference (reference.h), plain ATen, differentiated by autograd, for any device and floating
// type; and a fast path with a backward pass of its own for float32 on the CPU, whose inner loops
// are compiled for several instruction sets and chosen at run time. Where the reference does not
// suit a GPU, src/ops/cuda has a third. The functions in this namespace pick the fast path where
// the tensors allow it, else the reference. tests/ops holds every fast path to the reference.
//
// No op waits for a GPU whose tensors it is given, but for float32 attention. The price is that
// tokens, targets, offsets and positions in a GPU's memory are not checked.
//
// Shapes: T tokens of a packed batch, S sequences, M masked tokens, D hidden, N heads, H head
// dimension, I intermediate, V vocabulary, P positions; a 1 behind S means "plus one". Results
// depend on the inputs and the instruction set; matrix products also on the number of threads.

#include "rexbert/ops/attention.h"
#include "rexbert/ops/cross_entropy.h"
#include "rexbert/ops/instruction_set.h"
#include "rexbert/ops/layers.h"
#include "rexbert/ops/memory.h"
#include "rexbert/ops/update.h"
