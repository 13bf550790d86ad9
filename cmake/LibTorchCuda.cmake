# LibTorch's CUDA libraries, added to rexbert::torch.
#
# One source of ours needs CUDA headers (src/dist/nccl.cc): else a build with CUDA compiles the same
# objects and links two libraries more, which register their kernels when they are loaded. Nothing names a symbol of
# theirs, so the linker has to be told to keep them. What they need themselves (cuBLAS, cuDNN, NCCL,
# ...) they find by their own run path, in LibTorch's folder or in nvidia/ beside it.

set(_torch_cuda "")
foreach(name torch_cuda c10_cuda)
  set(_torch_cuda_library "${REXBERT_LIBTORCH_ROOT}/lib/lib${name}.so")
  if(NOT EXISTS "${_torch_cuda_library}")
    message(FATAL_ERROR "REXBERT_CUDA: expected ${_torch_cuda_library}: run scripts/setup.sh --cuda, "
                        "or pass a LibTorch with CUDA")
  endif()
  string(APPEND _torch_cuda ",${_torch_cuda_library}")
endforeach()
set(_torch_nvidia "${REXBERT_LIBTORCH_ROOT}/../nvidia")
# The set-up for CPUs has the two libraries, since the wheel does, but not what they need.
file(GLOB _torch_cudnn "${_torch_nvidia}/cudnn/lib/libcudnn.so*")
if(EXISTS "${_torch_nvidia}" AND NOT _torch_cudnn)
  message(FATAL_ERROR "REXBERT_CUDA: ${_torch_nvidia} lacks the CUDA libraries: run scripts/setup.sh --cuda")
endif()
target_link_libraries(rexbert::torch INTERFACE "-Wl,--push-state,--no-as-needed${_torch_cuda},--pop-state")

# Where scripts/setup.sh put them; a CUDA toolkit has its own in the compiler's path or here.
set(REXBERT_CUDA_INCLUDE_DIRS "")
foreach(folder "${_torch_nvidia}/cu13/include" "${_torch_nvidia}/nccl/include" /usr/local/cuda/include)
  if(EXISTS "${folder}")
    list(APPEND REXBERT_CUDA_INCLUDE_DIRS "${folder}")
  endif()
endforeach()
