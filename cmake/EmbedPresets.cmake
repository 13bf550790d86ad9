# Writes OUTPUT, a C++ file with the text of every YAML file in DIRECTORY, so that the command knows the
# shipped presets wherever it is installed. Run as a script: cmake -DDIRECTORY= -DOUTPUT= -P this.
file(GLOB files "${DIRECTORY}/*.yaml")
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" text)
  string(APPEND entries "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(WRITE "${OUTPUT}.new" "#include \"train/presets.h\"

namespace rexbert::train {

const std::vector<std::pair<std::string, std::string>>& embedded_presets() {
  static const std::vector<std::pair<std::string, std::string>> presets = {
${entries}  };
  return presets;
}

}  // namespace rexbert::train
")
file(COPY_FILE "${OUTPUT}.new" "${OUTPUT}" ONLY_IF_DIFFERENT)
