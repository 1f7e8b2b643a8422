#pragma once
// The one header to start with: a picture in, everyone's poses out, drawn.
//
//   auto finder = poise::PoseFinder::open().value();
//   auto photo = poise::read_image("team.jpg").value();
//   for (const poise::Pose& pose : finder(photo).poses) poise::draw(photo, pose, finder.skeleton());
//
// What else there is stands in the folders beside it: other people's file formats, metrics, training data, quantizing.

#include "poise/base/result.h"        // Result<T>: what can fail returns it
#include "poise/base/version.h"       // kVersion
#include "poise/draw/draw.h"          // draw: a skeleton into a picture
#include "poise/image/codec.h"        // read_image, write_image
#include "poise/infer/pose_finder.h"  // PoseFinder, of Detector and Estimator
#include "poise/models/shipped.h"     // read_shipped: the networks that come with Poise
#include "poise/person/pose.h"        // Pose, Keypoint
#include "poise/skeleton/skeleton.h"  // Skeleton: names of joints, limbs
