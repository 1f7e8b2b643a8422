// Poise for C99, and for every language that calls C: pictures in, people's joints out.
//
//     poise_error error;
//     poise_finder* finder = NULL;
//     poise_people* people = NULL;
//     if (poise_finder_open(NULL, &finder, &error) != POISE_OK) return fail(error.message);
//     poise_image frame = {pixels, width, height, stride, POISE_BGR};
//     if (poise_finder_find(finder, &frame, &people, &error) != POISE_OK) return fail(error.message);
//     const poise_keypoint* joints = poise_people_keypoints(people);  // (persons, joints)
//
// Handles are opaque; each is freed by its own function, which takes NULL too. Pixels stay the caller's and are not
// copied. A handle is used by one thread at a time, distinct ones by any threads: poise_finder_sibling() shares the
// weights. A function that can fail returns a code and fills `error`, which may be NULL; what it would have made is
// then NULL, or untouched. No C++ exception leaves the library. Texts are UTF-8. An option structure is filled by its
// poise_..._init() and then changed; NULL in its place is all defaults.
//
// Pixels: the centre of the top left one is (0, 0). Boxes are COCO's: left, top, width, height from the picture's edge.
#ifndef POISE_CAPI_POISE_C_H
#define POISE_CAPI_POISE_C_H

// NOLINTBEGIN(modernize-*): C
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Functions and structures of one number fit together; within it both only grow, at the end.
#define POISE_ABI_VERSION 1
// Of the library that runs: compare with POISE_ABI_VERSION.
int32_t poise_abi_version(void);
const char* poise_version(void);  // "0.1.0"

// Of the whole process: 1, waiting compute threads sleep at once, which a program wants that shares its machine; 0,
// they spin for some milliseconds first, which is the default, and fastest where nothing else runs. Returns whether
// they sleep now: 0 too where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, or OpenMP is not GNU's. Any thread.
int32_t poise_set_passive_threads(int32_t passive);

typedef enum poise_code {
  POISE_OK = 0,
  POISE_INVALID_ARGUMENT = 1,  // the caller asked for something that makes no sense
  POISE_NOT_FOUND = 2,         // no such file, name or preset
  POISE_MALFORMED = 3,         // bytes that are not what they claim to be
  POISE_UNSUPPORTED = 4,       // well-formed, but Poise does not do it
  POISE_TOO_LARGE = 5,         // over a limit on sizes
  POISE_IO = 6,                // the operating system refused to read or write
  POISE_OUT_OF_MEMORY = 7,
  POISE_INTERNAL = 8  // a fault of the library's own: please report it
} poise_code;
const char* poise_code_name(int32_t code);  // "malformed"; "unknown" for a number that is none

// The caller's. `message`: one line that names the thing and says what to do, cut where it is longer; "" after
// POISE_OK.
typedef struct poise_error {
  poise_code code;
  char message[1020];
} poise_error;

// ---- pictures ----

// What a pixel's bytes are, lowest address first. cv::Mat as cv::imread and cameras give it is POISE_BGR.
typedef enum poise_pixel_order {
  POISE_RGB = 0,
  POISE_BGR = 1,
  POISE_GREY = 2,
  POISE_RGBA = 3,
  POISE_BGRA = 4
} poise_pixel_order;

// A look at the caller's 8-bit pixels. `stride`: bytes from row to row, negative where the last row comes first in
// memory (`data` is then the first row's all the same).
typedef struct poise_image {
  const uint8_t* data;
  int32_t width, height;  // pixels, above 0
  ptrdiff_t stride;
  int32_t order;  // a poise_pixel_order
} poise_image;
// The same, to be drawn on.
typedef struct poise_canvas {
  uint8_t* data;
  int32_t width, height;
  ptrdiff_t stride;
  int32_t order;  // a poise_pixel_order
} poise_canvas;

// A decoded picture, RGB, upright as its EXIF orientation says: JPEG, PNG, WebP; HEIC and AVIF where built with them.
typedef struct poise_picture poise_picture;
poise_code poise_picture_read(const char* path, poise_picture** picture, poise_error* error);
poise_code poise_picture_decode(const void* bytes, size_t size, poise_picture** picture, poise_error* error);
// Its pixels, good until it is freed. NULL gives an empty view.
poise_image poise_picture_image(const poise_picture* picture);
poise_canvas poise_picture_canvas(poise_picture* picture);
void poise_picture_free(poise_picture* picture);

// By the extension: .jpg .jpeg .png .webp; a reader sees the old file or the whole new one. quality: 1 to 100.
poise_code poise_image_write(const poise_image* image, const char* path, int32_t quality, poise_error* error);

// ---- skeletons: what the joints of a pose are ----

typedef struct poise_skeleton poise_skeleton;
// "coco17", "openpose25", ...
poise_code poise_skeleton_find(const char* name, poise_skeleton** skeleton, poise_error* error);
void poise_skeleton_free(poise_skeleton* skeleton);
const char* poise_skeleton_name(const poise_skeleton* skeleton);
size_t poise_skeleton_joints(const poise_skeleton* skeleton);
const char* poise_skeleton_joint(const poise_skeleton* skeleton, size_t joint);  // "left_wrist"; NULL beyond the last
size_t poise_skeleton_limbs(const poise_skeleton* skeleton);
// The two joints that a limb joins. Returns 0, and changes nothing, beyond the last limb; else 1.
int32_t poise_skeleton_limb(const poise_skeleton* skeleton, size_t limb, size_t* from, size_t* to);
// What the joint becomes in a mirrored picture; itself beyond the last.
size_t poise_skeleton_mirrored(const poise_skeleton* skeleton, size_t joint);

// ---- what is found ----

typedef struct poise_keypoint {
  float x, y;   // pixels
  float score;  // about 0 to 1
} poise_keypoint;

typedef struct poise_box {
  float x, y, width, height;  // pixels
} poise_box;

typedef struct poise_person_box {
  poise_box box;
  float score;  // 0 to 1
} poise_person_box;

typedef struct poise_person {
  poise_box box;     // that the pose was estimated from
  float box_score;   // 1 where boxes were given as true
  float score;       // of the whole person
  int32_t track_id;  // from 1; 0 where nobody was tracked
} poise_person;

// Everyone in one picture. Arrays are good until it is freed, and NULL where nobody is there. Read by any threads.
typedef struct poise_people poise_people;
void poise_people_free(poise_people* people);
size_t poise_people_count(const poise_people* people);
size_t poise_people_joints(const poise_people* people);                    // of each
const poise_person* poise_people_persons(const poise_people* people);      // (count)
const poise_keypoint* poise_people_keypoints(const poise_people* people);  // (count, joints), row by row
// Of the poses; good as long as the people are.
const poise_skeleton* poise_people_skeleton(const poise_people* people);
// As text, in a format of the program's: "poise" (JSON), "coco", "openpose", "csv". `source`: the picture's name in it;
// NULL: none. Fills at most `capacity` bytes of `buffer`, which may be NULL, with a 0 at the end, and `length` with the
// whole text's, without that 0. A buffer that is too small is POISE_TOO_LARGE.
poise_code poise_people_text(const poise_people* people, const char* format, const char* source, char* buffer,
                             size_t capacity, size_t* length, poise_error* error);

typedef struct poise_draw_options {
  size_t size;                                        // set by poise_draw_options_init()
  float min_score;                                    // joints that score less are left out, .3
  float line_width;                                   // pixels; 0: from the person's size
  float alpha;                                        // opacity, 0 to 1
  int32_t by_person;                                  // 1: a colour a person; 0: a colour a side
  int32_t joints, limbs, boxes, labels, scores, ids;  // 1: drawn
} poise_draw_options;
void poise_draw_options_init(poise_draw_options* options);
poise_code poise_draw(const poise_canvas* canvas, const poise_people* people, const poise_draw_options* options,
                      poise_error* error);

// ---- finding ----

// For every network. Texts may be NULL. Numbers below 0: the card's, or the default.
typedef struct poise_finder_options {
  size_t size;            // set by poise_finder_options_init()
  const char* model;      // pose network: a file, or a name; NULL: what comes with Poise
  const char* detector;   // what finds the people, likewise
  const char* models;     // folder in which models' names are looked up
  int32_t whole_picture;  // 1: each picture is one person's box, no detector
  const char* backend;    // "onednn", "reference"
  const char* precision;  // "fp32", "bf16", "int8"; NULL: the card's
  int32_t threads;        // 0: all
  int32_t deterministic;  // 1: the same bits whatever the threads
  int32_t batch;          // persons run together at most, 8
  int32_t flip_test;      // 1: the mirrored crop too
  const char* preset;     // for pose networks without a card: "simple-baselines", "mmpose", ...
  const char* card;       // JSON members over those of the model's card
  const char* detector_preset;
  const char* detector_card;
  float threshold;    // of people's scores
  float nms;          // overlap from which two boxes are one person
  float doubles_oks;  // likeness from which two poses are one person, .9; 0: no pose is taken for a double
} poise_finder_options;
void poise_finder_options_init(poise_finder_options* options);

// Detector and pose network together.
typedef struct poise_finder poise_finder;
poise_code poise_finder_open(const poise_finder_options* options, poise_finder** finder, poise_error* error);
void poise_finder_free(poise_finder* finder);
// Another one over the same weights, for another thread, with `threads` of its own to compute.
poise_code poise_finder_sibling(const poise_finder* finder, int32_t threads, poise_finder** sibling,
                                poise_error* error);
// Everyone, best first. Nobody is no error.
poise_code poise_finder_find(poise_finder* finder, const poise_image* image, poise_people** people, poise_error* error);
// Good as long as the finder is.
const poise_skeleton* poise_finder_skeleton(const poise_finder* finder);
const char* poise_finder_model(const poise_finder* finder);  // SHA-256 of the pose network

// The boxes of the people alone. Of the options above it heeds detector, models, backend, precision, threads,
// deterministic, detector_preset, detector_card, threshold and nms.
typedef struct poise_detector poise_detector;
poise_code poise_detector_open(const poise_finder_options* options, poise_detector** detector, poise_error* error);
void poise_detector_free(poise_detector* detector);
poise_code poise_detector_sibling(const poise_detector* detector, int32_t threads, poise_detector** sibling,
                                  poise_error* error);
// Best first. Fills the first `capacity` of `boxes`, which may be NULL where that is 0; `count`: of all.
poise_code poise_detector_detect(poise_detector* detector, const poise_image* image, poise_person_box* boxes,
                                 size_t capacity, size_t* count, poise_error* error);

// The poses of people whose boxes are known. Of the options it heeds model, models, backend, precision, threads,
// deterministic, batch, flip_test, preset and card.
typedef struct poise_estimator poise_estimator;
poise_code poise_estimator_open(const poise_finder_options* options, poise_estimator** estimator, poise_error* error);
void poise_estimator_free(poise_estimator* estimator);
poise_code poise_estimator_sibling(const poise_estimator* estimator, int32_t threads, poise_estimator** sibling,
                                   poise_error* error);
// A pose a box, in their order.
poise_code poise_estimator_estimate(poise_estimator* estimator, const poise_image* image, const poise_person_box* boxes,
                                    size_t count, poise_people** people, poise_error* error);
const poise_skeleton* poise_estimator_skeleton(const poise_estimator* estimator);

// ---- following ----

typedef enum poise_similarity {
  POISE_BY_BOX = 0,
  POISE_BY_POSE = 1,
  POISE_BY_FLOW = 2,
  POISE_BY_MULTI_FLOW = 3
} poise_similarity;

typedef struct poise_tracker_options {
  size_t size;           // set by poise_tracker_options_init()
  int32_t similarity;    // a poise_similarity, by which people are known again
  int32_t best_sum;      // 1: the Hungarian method's matching; 0: greedy, the paper's
  int32_t propagate;     // 1: people are looked for where they are carried too
  int32_t motion;        // 1: who is not seen goes on with the velocity they had
  int32_t flow;          // 1: joints are carried by optical flow
  int32_t smooth;        // 1: joints are steadied as they come (one-euro filter)
  int32_t detect_every;  // frames, 1
  float min_box_score, min_joint_score, min_likeness;
  double memory;  // seconds after which who is not seen is forgotten
} poise_tracker_options;
void poise_tracker_options_init(poise_tracker_options* options);

// One video.
typedef struct poise_tracker poise_tracker;
poise_code poise_tracker_new(const poise_skeleton* skeleton, const poise_tracker_options* options,
                             poise_tracker** tracker, poise_error* error);
void poise_tracker_free(poise_tracker* tracker);
// Everyone in the next frame, with their ids. `finder`: of the tracker's skeleton; `seconds`: the frame's time, not
// before the last one's. After an error the frame counts as one in which nobody was seen.
poise_code poise_tracker_next(poise_tracker* tracker, poise_finder* finder, const poise_image* image, double seconds,
                              poise_people** people, poise_error* error);
int32_t poise_tracker_ids(const poise_tracker* tracker);  // given so far

// ---- measuring ----

typedef struct poise_coco_options {
  size_t size;         // set by poise_coco_options_init()
  int32_t boxes;       // 1: boxes by their overlap; 0: keypoints by OKS
  const char* rules;   // "cocoapi", "xtcocotools", "crowdpose"
  const char* sigmas;  // "coco17", or one number a joint with commas; NULL: those that fit the truth
} poise_coco_options;
void poise_coco_options_init(poise_coco_options* options);

// COCO's figures, AP and AR, of a results file against the truth.
typedef struct poise_report poise_report;
poise_code poise_metrics_coco(const char* truth, const char* results, const poise_coco_options* options,
                              poise_report** report, poise_error* error);
void poise_report_free(poise_report* report);
size_t poise_report_count(const poise_report* report);
const char* poise_report_name(const poise_report* report, size_t figure);  // "AP50"; NULL beyond the last
double poise_report_value(const poise_report* report, size_t figure);  // 0 to 1; -1 where there is nothing to measure
// Figures, counts and the rules in force, as JSON; good until the report is freed.
const char* poise_report_json(const poise_report* report);

#ifdef __cplusplus
}
#endif
// NOLINTEND(modernize-*)

#endif
