#include "poise/weights/tflite/tflite.h"

#include <algorithm>

#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/weights/tflite/tflite_operators.h"
#include "poise/weights/tflite/tflite_tensor.h"

namespace poise {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kMostArguments = 4096;  // of one operator

class TfliteReader {
 public:
  TfliteReader(BytesView bytes, const NetworkLimits& limits, ReadingBudget& budget)
      : file_(bytes), limits_(limits), budget_(budget) {}

  Result<TfNetwork> read() {
    model_ = FlatTable::root(file_);
    const auto version = model_.scalar<std::uint32_t>(0);
    if (!file_.is_broken() && version != kVersion) {
      return unsupported("its format has version " + std::to_string(version) + ", 3 is supported: convert it again");
    }
    const FlatTables graphs = model_.tables(2);
    if (!file_.is_broken() && graphs.size() != 1) {
      return unsupported("it has " + std::to_string(graphs.size()) +
                         " subgraphs: only one, without control flow, is read");
    }
    Status status = file_.is_broken() ? broken() : read_graph(graphs[0]);
    if (file_.is_broken()) status = broken();  // whatever else was said rests on what is not there
    if (!status.ok()) return status.error();
    return std::move(network_);
  }

  std::string description() const { return std::string(model_.text(3).substr(0, 256)); }

 private:
  static Error broken() { return malformed("it is truncated or damaged: a part of it lies outside the file"); }

  Status read_graph(const FlatTable& graph) {
    network_.name = printed(graph.text(4));
    if (network_.name.empty()) network_.name = "main";
    const FlatTables tensors = graph.tables(0);
    const FlatTables operators = graph.tables(3);
    if (tensors.size() > static_cast<std::size_t>(limits_.max_tensors))
      return too_large("it has more tensors than are read");
    if (operators.size() > static_cast<std::size_t>(limits_.max_nodes))
      return too_large("it has more operators than are read");
    POISE_RETURN_IF_ERROR(read_operators(operators, tensors.size()));
    POISE_RETURN_IF_ERROR(check_tf_operators(network_));
    POISE_RETURN_IF_ERROR(read_tensors(tensors));
    for (const auto& [field, list] : {std::pair(1U, &network_.inputs), std::pair(2U, &network_.outputs)}) {
      POISE_TRY(*list, indices(graph.vector<std::int32_t>(field), tensors.size(), false));
    }
    return check_order();
  }

  /// Before the tensors: a network with operators that are not known is refused before its weights are read.
  Status read_operators(const FlatTables& operators, std::size_t tensors) {
    const FlatTables codes = model_.tables(1);
    for (std::size_t i = 0; i < operators.size(); ++i) {
      if (file_.is_broken()) return broken();
      const FlatTable stored = operators[i];
      const auto code = stored.scalar<std::uint32_t>(0);
      if (code >= codes.size()) return malformed("operator " + std::to_string(i) + " is of no kind that it lists");
      TfNode& node = network_.nodes.emplace_back();
      POISE_TRY(node.inputs, indices(stored.vector<std::int32_t>(1), tensors, true));
      POISE_TRY(node.outputs, indices(stored.vector<std::int32_t>(2), tensors, false));
      POISE_RETURN_IF_ERROR(budget_.take(1024 + 8 * (node.inputs.size() + node.outputs.size())));
      name_operator(node, codes[code], stored.table(4));
    }
    return {};
  }

  void name_operator(TfNode& node, const FlatTable& code, const FlatTable& options) {
    constexpr std::int32_t kCustom = 32;
    // Files before schema version 3a have the number in a byte.
    const std::int32_t builtin = std::max<std::int32_t>(code.scalar<std::int32_t>(3), code.scalar<std::int8_t>(0));
    node.op = builtin == kCustom ? "custom operator " + printed(code.text(1)) : tflite_operator(builtin);
    node.attributes = tflite_attributes(builtin, options);
    // Some writers leave the shape out of the inputs and in the options.
    if (node.op != "Reshape" || node.inputs.size() != 1) return;
    const auto shape = options.vector<std::int32_t>(0);
    if (shape.empty() || shape.size() > 64) return;
    Tensor list(Shape{static_cast<std::int64_t>(shape.size())}, DType::kInt64);
    for (std::size_t i = 0; i < shape.size(); ++i) list.as<std::int64_t>()[i] = shape[i];
    shapes_.push_back({&node - network_.nodes.data(), std::make_shared<const Tensor>(std::move(list))});
  }

  Status read_tensors(const FlatTables& tensors) {
    const FlatTables buffers = model_.tables(4);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (file_.is_broken()) return broken();
      const FlatTable tensor = tensors[i];
      const auto buffer = tensor.scalar<std::uint32_t>(2);
      // 0 is the buffer of what has no numbers; one that is not there is taken for it, as the interpreter does.
      Result<TfValue> value = tflite_value(tensor, buffer < buffers.size() ? buffers[buffer] : FlatTable(), budget_);
      if (!value.ok()) return value.error().prefixed("tensor " + printable(tensor.text(3)));
      network_.values.push_back(std::move(*value));
    }
    for (auto& [index, shape] : shapes_) {
      TfNode& node = network_.nodes[static_cast<std::size_t>(index)];
      node.inputs.push_back(static_cast<int>(network_.values.size()));
      network_.values.push_back({.name = "shape", .type = DType::kInt64, .constant = std::move(shape)});
    }
    for (TfNode& node : network_.nodes) {
      if (!node.outputs.empty()) node.name = network_.values[static_cast<std::size_t>(node.outputs[0])].name;
    }
    return {};
  }

  Result<std::vector<int>> indices(const FlatVector<std::int32_t>& list, std::size_t tensors, bool optional) {
    if (list.size() > kMostArguments) return too_large("an operator has more than 4096 tensors");
    std::vector<int> found;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::int32_t index = list[i];
      if ((index < 0 || static_cast<std::size_t>(index) >= tensors) && !(optional && index == kNoValue)) {
        return malformed("it names tensor " + std::to_string(index) + ", which there is not");
      }
      found.push_back(index);
    }
    return found;
  }

  /// Each operator stands behind what it reads, and each value is made once.
  Status check_order() const {
    std::vector<char> made(network_.values.size(), 0);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = network_.values[i].constant != nullptr ? 1 : 0;
    for (const int input : network_.inputs) {
      if (made[static_cast<std::size_t>(input)] != 0) return malformed("an input is listed twice, or is a constant");
      made[static_cast<std::size_t>(input)] = 1;
    }
    for (const TfNode& node : network_.nodes) {
      for (const int input : node.inputs) {
        if (input != kNoValue && made[static_cast<std::size_t>(input)] == 0) {
          return malformed(node.op + " reads " + printable(network_.values[static_cast<std::size_t>(input)].name) +
                           " before it is made: operators must stand behind what they read");
        }
      }
      for (const int output : node.outputs) {
        if (made[static_cast<std::size_t>(output)] != 0) {
          return malformed("two operators make " + printable(network_.values[static_cast<std::size_t>(output)].name));
        }
        made[static_cast<std::size_t>(output)] = 1;
      }
    }
    for (const int output : network_.outputs) {
      if (made[static_cast<std::size_t>(output)] == 0) return malformed("an output is made by nothing");
    }
    if (network_.outputs.empty() || network_.inputs.empty()) return malformed("it has no inputs or no outputs");
    return {};
  }

  static std::string printed(std::string_view text) {
    const std::string quoted = printable(text);
    return quoted.substr(1, quoted.size() - 2);
  }

  FlatFile file_;
  NetworkLimits limits_;
  ReadingBudget& budget_;
  FlatTable model_;
  TfNetwork network_;
  std::vector<std::pair<std::ptrdiff_t, std::shared_ptr<const Tensor>>> shapes_;  // of Reshapes, by their index
};

}  // namespace

bool is_tflite(BytesView start) {
  constexpr std::string_view kIdentifier = "TFL3";
  return start.size() >= 8 && std::equal(kIdentifier.begin(), kIdentifier.end(), start.begin() + 4);
}

Result<NetworkFile> parse_tflite(BytesView bytes, const NetworkLimits& limits) {
  if (!is_tflite(bytes)) return malformed("it is no TensorFlow Lite model: its identifier is missing");
  ReadingBudget budget(bytes.size());
  TfliteReader reader(bytes, limits, budget);
  POISE_TRY(TfNetwork network, reader.read());
  NetworkFile model;
  POISE_TRY(model.graph, graph_of(std::move(network), budget));
  model.opset = model.graph.opset;
  model.kind = "tflite";
  model.producer = "tflite";
  std::string description = reader.description();
  std::ranges::replace_if(description, is_control, '?');
  if (!description.empty()) model.metadata["tflite.description"] = std::move(description);
  model.hash = sha256_hex(bytes);
  return model;
}

Result<NetworkFile> read_tflite(const std::filesystem::path& path, const NetworkLimits& limits) {
  const Result<Bytes> bytes = read_file(path, limits.max_bytes);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  Result<NetworkFile> model = parse_tflite(BytesView(*bytes), limits);
  if (!model.ok()) return model.error().prefixed(path.string());
  return model;
}

}  // namespace poise
