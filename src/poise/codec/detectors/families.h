#pragma once
// The languages of detectors, one file each: what the outputs must look like and what they mean. C is the number of
// classes; each decoder takes one picture's outputs, and reports the best class of a place unless it says otherwise.

#include "poise/codec/detection.h"

namespace poise {

/// One map (1, 5 + C, h, w): o, dx, dy, w, h, the classes; o and classes in [0, 1]. Score o^.6 c^.4; centre ((column +
/// tanh dx) / w, (row + tanh dy) / h), size (sigmoid w, sigmoid h), of the whole input. Source: FastestDet, test.py and
/// example/ncnn. Pure functions of values: thread-safe.
Status decode_fastestdet(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_fastestdet(std::span<const Tensor> outputs, const DetectionHead& head);

/// One map an output (1, A (5 + C), h, w), A the anchors of that output, each tx ty tw th o and the classes, all
/// logits: YOLOv3 and YOLOv3-tiny as darknet's [yolo] layers get them. Centre ((column + s sigmoid tx - (s - 1) / 2) /
/// w, ...) of the input, size anchor e^tw; score sigmoid o sigmoid c. Every class above the threshold is reported, as
/// darknet does (src/yolo_layer.c, get_yolo_detections).
Status decode_yolov3(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_yolov3(std::span<const Tensor> outputs, const DetectionHead& head);

/// Rows (1, n, 5 + C), 1 or 3 for each cell of the strides: centre and size in input pixels, o and the classes in
/// [0, 1]; score o c. As YOLOv5's export.py writes them, YOLOv7 and the like too.
Status decode_yolov5(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_yolov5(std::span<const Tensor> outputs, const DetectionHead& head);

/// Columns (1, 4 + C, n), one for each cell of the strides: centre and size in input pixels, the classes in [0, 1],
/// which are the score. YOLOv8 and after.
Status decode_yolov8(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_yolov8(std::span<const Tensor> outputs, const DetectionHead& head);

/// Rows (1, n, 5 + C), those of stride 8 first, then 16, 32 (and 64 where n says so), row by row: centre ((column + x)
/// stride, ...), size e^w stride; o and classes in [0, 1], score o c. Source: YOLOX, yolox/utils/demo_utils.py,
/// demo_postprocess.
Status decode_yolox(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_yolox(std::span<const Tensor> outputs, const DetectionHead& head);

/// "Objects as points" (Zhou et al. 2019, section 4): heatmap (1, C, h, w), size (1, 2, h, w) width then height, offset
/// (1, 2, h, w) x then y, sizes and offsets in cells; h and w divide the input, by one stride. Read by codec/centre.h,
/// which says what a peak is; every class of a place is reported.
Status decode_centre(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_centre(std::span<const Tensor> outputs, const DetectionHead& head);

/// Boxes that the network has thinned out itself, in input pixels: rows (1, n, 6), left, top, right, bottom, score,
/// class (YOLOv10, YOLO26, and exports with suppression inside), or (1, n, 5) without the class beside labels (1, n)
/// (RTMDet, as mmdeploy exports it), or (1, n, 5) alone, of one class. Class numbers beyond those that the card names
/// are an error.
Status decode_end2end(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_end2end(std::span<const Tensor> outputs, const DetectionHead& head);

/// MediaPipe's pose detector: (1, 2254, 12) and logits (1, 2254, 1), one anchor of a 224x224 input each: centre and
/// size, and four points, of which the middle of the hips and one on the circle round the body are handed on; all in
/// pixels, from the anchor's centre. Those of one person are merged, weighted by their scores. Source:
/// mediapipe/modules/ pose_detection/pose_detection_cpu.pbtxt, calculators/tflite/ssd_anchors_calculator.cc.
Status decode_blazepose(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_blazepose(std::span<const Tensor> outputs, const DetectionHead& head);

/// Rows (1, n, C + 32), those of stride 8 first, then 16, 32 (and 64: NanoDet-Plus), row by row: the classes in [0, 1],
/// which are the score, and for left, top, right and bottom the logits of distances 0 to 7, in strides. Source:
/// NanoDet, nanodet/model/head/nanodet_plus_head.py and gfl_head.py; demo_openvino.
Status decode_nanodet(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found);
Result<int> classes_of_nanodet(std::span<const Tensor> outputs, const DetectionHead& head);

}  // namespace poise
