#pragma once
// Which persons of a data set are trained on. Pure functions of values: thread-safe.

#include "poise/crop/crop.h"
#include "poise/data/data_set.h"

namespace poise {

/// The persons whose labelled joints lie about the middle of their box, the authors' DATASET.SELECT_DATA: those with
/// ks > 0.45 + 0.0125 (n - 1) for n labelled joints, where ks = exp(-d^2 / (2 * 0.2^2 * area)), d from the joints' mean
/// to the box's centre, area of the padded box. crop: size and padding of the network's input. Of mixed() sets select
/// before: weights of parts are not kept. Errors: kInvalidArgument where nobody is left.
/// Source: HRNet, lib/dataset/JointsDataset.py, select_data.
Result<DataSetPtr> select_centred(DataSetPtr set, const CropOptions& crop);

}  // namespace poise
