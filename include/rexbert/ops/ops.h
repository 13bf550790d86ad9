#pragma once

// ops: the operations of the model that deserve more than a chain of ATen calls.
//
// Each op has one contract, in the header that declares it: the equation, shapes, types, what it
// throws and where the definition comes from. Each has two implementations of that contract:
// ops::reference (reference.h), plain ATen, differentiated by autograd, for any device and floating
// type; and a fast path with a backward pass of its own for float32 on the CPU, whose inner loops
// are compiled for several instruction sets and chosen at run time. The functions in this namespace
// pick the fast path where the tensors allow it, else the reference; another device's path is one
// more case in that choice. tests/ops holds every fast path to the reference.
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
