#include "poise/train/train_options.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace poise {
namespace {

Status in_range(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  const auto text = [](double number) {
    std::string digits = std::to_string(number);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  return invalid_argument(std::string(name) + " is " + text(value) + ": give " + text(low) + " to " + text(high));
}

}  // namespace

Status check(const TrainOptions& options) {
  constexpr double kMany = 1e6;
  POISE_RETURN_IF_ERROR(in_range("epochs", options.epochs, 1, kMany));
  POISE_RETURN_IF_ERROR(in_range("patience", options.patience, 0, kMany));
  POISE_RETURN_IF_ERROR(in_range("batch", options.batch, 1, 65536));
  POISE_RETURN_IF_ERROR(in_range("accumulate", options.accumulate, 1, 4096));
  POISE_RETURN_IF_ERROR(in_range("ema", options.ema, 0, 0.999999));
  POISE_RETURN_IF_ERROR(in_range("threads", options.threads, 0, 1024));
  POISE_RETURN_IF_ERROR(in_range("workers", options.workers, 1, 256));
  POISE_RETURN_IF_ERROR(in_range("hard joints", options.loss.hard_joints, 0, 1024));
  POISE_RETURN_IF_ERROR(in_range("weight of GIoU", options.centre_loss.giou, 0, 100));
  POISE_RETURN_IF_ERROR(in_range("learning rate", options.optimizer.learning_rate, 0, 100));
  POISE_RETURN_IF_ERROR(in_range("weight decay", options.optimizer.weight_decay, 0, 10));
  POISE_RETURN_IF_ERROR(in_range("momentum", options.optimizer.momentum, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("schedule factor", options.schedule.factor, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("warm-up steps", options.schedule.warmup_steps, 0, kMany));
  POISE_RETURN_IF_ERROR(in_range("minutes", options.minutes, 0, kMany));
  POISE_RETURN_IF_ERROR(in_range("checkpoint seconds", options.checkpoint_seconds, 1, kMany));
  POISE_RETURN_IF_ERROR(in_range("checkpoint steps", options.checkpoint_steps, 0, kMany));
  POISE_RETURN_IF_ERROR(in_range("log steps", options.log_steps, 0, kMany));
  return {};
}

double learning_rate(const TrainOptions& options, std::int64_t step, int epoch, std::int64_t steps) {
  const ScheduleOptions& schedule = options.schedule;
  double rate = options.optimizer.learning_rate;
  if (step < schedule.warmup_steps) return rate * static_cast<double>(step + 1) / schedule.warmup_steps;
  if (schedule.kind == ScheduleOptions::Kind::kStep) {
    for (const int at : schedule.epochs) rate *= epoch >= at ? schedule.factor : 1.0;
    return rate;
  }
  // Loshchilov and Hutter, ICLR 2017, equation 5, without restarts, down to zero.
  const double length = static_cast<double>(std::max<std::int64_t>(1, steps - schedule.warmup_steps));
  const double part = std::min(1.0, static_cast<double>(step - schedule.warmup_steps) / length);
  return 0.5 * rate * (1.0 + std::cos(std::numbers::pi * part));
}

double ema_decay(double limit, std::int64_t step) {
  // TensorFlow, ExponentialMovingAverage, num_updates.
  return std::min(limit, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
}

}  // namespace poise
