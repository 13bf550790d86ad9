# Imported target rexbert::parquet, Arrow's C++ libraries from a wheel of pyarrow, in this order: in
# REXBERT_PYARROW, where scripts/setup.sh --parquet put it, in the references of setup.sh --oracle.
# The wheel has headers and libraries, but no CMake package. Its libraries use the C++11 ABI of
# libstdc++ and what GCC 8 had of it, so any compiler that builds this links with them. Only a module
# that is loaded may: see src/curate/parquet_module.h.

set(REXBERT_PYARROW "" CACHE PATH "The folder pyarrow of a Python installation")

set(_pyarrow_root "")
file(GLOB _pyarrow_oracle "${REXBERT_DEPS_DIR}/oracle/lib/python3*/site-packages/pyarrow")
foreach(candidate IN ITEMS ${REXBERT_PYARROW} "${REXBERT_DEPS_DIR}/pyarrow/pyarrow" ${_pyarrow_oracle})
  if(NOT _pyarrow_root AND EXISTS "${candidate}/include/parquet/arrow/reader.h")
    get_filename_component(_pyarrow_root "${candidate}" REALPATH)
  endif()
endforeach()

# Sanitizers do not let a program load a module with symbols of its own.
if(REXBERT_SANITIZE AND REXBERT_PARQUET STREQUAL "AUTO")
  message(STATUS "Parquet: not read, as a build with sanitizers cannot")
elseif(REXBERT_PARQUET STREQUAL "AUTO" OR REXBERT_PARQUET)
  if(_pyarrow_root)
    add_library(rexbert_parquet INTERFACE)
    add_library(rexbert::parquet ALIAS rexbert_parquet)
    target_include_directories(rexbert_parquet SYSTEM INTERFACE "${_pyarrow_root}/include")
    foreach(name parquet arrow)
      file(GLOB _library "${_pyarrow_root}/lib${name}.so.*")
      list(GET _library 0 _library)
      add_library(parquet_import_${name} SHARED IMPORTED)
      set_target_properties(parquet_import_${name} PROPERTIES IMPORTED_LOCATION "${_library}")
      target_link_libraries(rexbert_parquet INTERFACE parquet_import_${name})
    endforeach()
    message(STATUS "Parquet: ${_pyarrow_root}")
  elseif(REXBERT_PARQUET STREQUAL "AUTO")
    message(STATUS "Parquet: not read, as Arrow is not there (scripts/setup.sh --parquet)")
  else()
    message(FATAL_ERROR "REXBERT_PARQUET: no pyarrow in ${REXBERT_DEPS_DIR}: run scripts/setup.sh "
                        "--parquet, or pass -DREXBERT_PYARROW=<folder pyarrow of Python>")
  endif()
endif()
