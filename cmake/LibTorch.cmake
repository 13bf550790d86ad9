# Imported targets rexbert::torch (C++ API) from, in this order: REXBERT_LIBTORCH, a Torch that
# CMAKE_PREFIX_PATH names, the folder that scripts/setup.sh made. The wheel's TorchConfig.cmake
# insists on a CUDA toolkit even where only the CPU libraries are wanted, so it is not used.

set(REXBERT_LIBTORCH "" CACHE PATH "LibTorch or the torch folder of a Python installation")

set(_torch_candidates ${REXBERT_LIBTORCH})
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND _torch_candidates "${prefix}" "${prefix}/../.." "${prefix}/torch")
endforeach()
list(APPEND _torch_candidates "${REXBERT_DEPS_DIR}/torch")

set(TORCH_ROOT "")
foreach(candidate IN LISTS _torch_candidates)
  if(NOT TORCH_ROOT AND EXISTS "${candidate}/include/torch/csrc/api/include/torch/torch.h")
    get_filename_component(TORCH_ROOT "${candidate}" REALPATH)
  endif()
endforeach()
if(NOT TORCH_ROOT)
  message(FATAL_ERROR "LibTorch not found: run scripts/setup.sh, or pass "
                      "-DCMAKE_PREFIX_PATH=<folder of LibTorch or of Python's torch>")
endif()
message(STATUS "LibTorch: ${TORCH_ROOT}")
set(TORCH_ROOT "${TORCH_ROOT}" CACHE INTERNAL "LibTorch that was found")

file(STRINGS "${TORCH_ROOT}/include/torch/headeronly/version.h" _torch_version_lines
     REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
set(TORCH_VERSION "")
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "TORCH_VERSION_${part} ([0-9]+)" _ "${_torch_version_lines}")
  list(APPEND TORCH_VERSION "${CMAKE_MATCH_1}")
endforeach()
list(JOIN TORCH_VERSION "." TORCH_VERSION)
if(NOT TORCH_VERSION MATCHES "^2\\.11\\.")
  message(FATAL_ERROR "LibTorch at ${TORCH_ROOT} is ${TORCH_VERSION}; 2.11 is needed")
endif()

set(_torch_link "")
foreach(name c10 torch_cpu)
  add_library(torch_import_${name} SHARED IMPORTED)
  set_target_properties(torch_import_${name} PROPERTIES
    IMPORTED_LOCATION "${TORCH_ROOT}/lib/lib${name}.so"
    IMPORTED_NO_SONAME OFF)
  list(APPEND _torch_link torch_import_${name})
endforeach()

add_library(rexbert_torch INTERFACE)
add_library(rexbert::torch ALIAS rexbert_torch)
target_include_directories(rexbert_torch SYSTEM INTERFACE
  "${TORCH_ROOT}/include" "${TORCH_ROOT}/include/torch/csrc/api/include")
target_link_libraries(rexbert_torch INTERFACE ${_torch_link} Threads::Threads)

# One source of ours needs CUDA headers (src/dist/nccl.cc): else a build with CUDA compiles the same
# objects and links two libraries more, which register their kernels when they are loaded. Nothing names a symbol of
# theirs, so the linker has to be told to keep them. What they need themselves (cuBLAS, cuDNN, NCCL,
# ...) they find by their own run path, in LibTorch's folder or in nvidia/ beside it.
if(REXBERT_CUDA)
  set(_torch_cuda "")
  foreach(name torch_cuda c10_cuda)
    set(_torch_cuda_library "${TORCH_ROOT}/lib/lib${name}.so")
    if(NOT EXISTS "${_torch_cuda_library}")
      message(FATAL_ERROR "REXBERT_CUDA: expected ${_torch_cuda_library}: run scripts/setup.sh --cuda, "
                          "or pass a LibTorch with CUDA")
    endif()
    string(APPEND _torch_cuda ",${_torch_cuda_library}")
  endforeach()
  # The set-up for CPUs has the two libraries, since the wheel does, but not what they need.
  file(GLOB _torch_cudnn "${TORCH_ROOT}/../nvidia/cudnn/lib/libcudnn.so*")
  if(EXISTS "${TORCH_ROOT}/../nvidia" AND NOT _torch_cudnn)
    message(FATAL_ERROR "REXBERT_CUDA: ${TORCH_ROOT}/../nvidia lacks the CUDA libraries: "
                        "run scripts/setup.sh --cuda")
  endif()
  target_link_libraries(rexbert_torch INTERFACE
    "-Wl,--push-state,--no-as-needed${_torch_cuda},--pop-state")
  # Where scripts/setup.sh put them; a CUDA toolkit has its own in the compiler's path or here.
  set(REXBERT_CUDA_INCLUDE_DIRS "")
  foreach(folder "${TORCH_ROOT}/../nvidia/cu13/include" "${TORCH_ROOT}/../nvidia/nccl/include"
                 /usr/local/cuda/include)
    if(EXISTS "${folder}")
      list(APPEND REXBERT_CUDA_INCLUDE_DIRS "${folder}")
    endif()
  endforeach()
endif()
