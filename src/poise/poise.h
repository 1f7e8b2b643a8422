#pragma once
// The one header to start with: a picture in, everyone's poses out, drawn. What else there is stands in the folders
// beside it: data sets and metrics, training data, quantizing, formats of others. One thread at a time a finder. A
// program that shares its machine makes a PassiveThreads at its start: else waiting compute threads spin.
//
//     auto finder = poise::PoseFinder::open().value();
//     auto photo = poise::read_image("team.jpg").value();
//     for (const poise::Pose& pose : finder(photo).poses) { ... }

#include "poise/base/passive_threads.h"  // PassiveThreads: compute threads sleep while they wait
#include "poise/base/result.h"           // Result<T>: what can fail returns it
#include "poise/base/version.h"          // kVersion
#include "poise/draw/draw.h"             // draw: a skeleton into a picture
#include "poise/formats/writers.h"       // results as JSON, COCO's, OpenPose's, CSV
#include "poise/image/codec.h"           // read_image, write_image
#include "poise/infer/picture_writer.h"  // PictureWriter: results into a folder
#include "poise/infer/pose_finder.h"     // PoseFinder; beneath it Detector and Estimator
#include "poise/models/shipped.h"        // read_shipped: the networks that come with Poise
#include "poise/person/pose.h"           // Pose, Keypoint
