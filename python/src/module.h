#pragma once
// What the module's files share: options as JSON, and networks that several Python threads use at once.

#include <nanobind/nanobind.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/draw/draw.h"
#include "poise/infer/pose_finder.h"

namespace poise::python {

/// Options come as one JSON object, so that they can be pickled, compared and printed in Python. Throw Exception,
/// naming the member that is not known or of another kind.
PoseFinderOptions finder_options(const std::string& json);
DrawOptions draw_options(const std::string& json);

/// Counts the forks that this process has come out of: what others' threads held in the parent is held for ever here.
std::atomic<int>& forks();

/// A network and its siblings, one for each thread that asks: who comes alone has all compute threads, who comes while
/// another works gets a sibling of one thread, at most as many as there are compute threads. Thread-safe.
template <typename Network>
class Shared {
 public:
  explicit Shared(Network network) : state_(std::make_unique<State>(std::move(network))) {}

  /// Calls `work` with a network that nobody else has; without the GIL.
  template <typename Work>
  auto with(const Work& work) {
    renew_after_fork();
    State& state = *state_;
    Network* own = state.take();
    struct Return {
      State& state;
      Network* network;
      ~Return() { state.give_back(network); }
    } const give_back{state, own};
    return work(*own);
  }

  const Network& network() const { return state_->all; }

 private:
  struct State {
    explicit State(Network network) : all(std::move(network)) {}

    Network* take() {
      std::unique_lock lock(mutex);
      for (;;) {
        if (working == 0 && !all_taken) {
          all_taken = true;
          ++working;
          return &all;
        }
        if (!idle.empty()) {
          Network* one = idle.back();
          idle.pop_back();
          ++working;
          return one;
        }
        if (static_cast<int>(siblings.size()) < all.threads() && can_have_siblings) {
          if (std::optional<Network> sibling = all.sibling(1)) {
            siblings.push_back(std::make_unique<Network>(std::move(*sibling)));
            ++working;
            return siblings.back().get();
          }
          can_have_siblings = false;
        }
        wake.wait(lock);
      }
    }

    void give_back(Network* network) {
      const std::lock_guard lock(mutex);
      --working;
      if (network == &all) {
        all_taken = false;
      } else {
        idle.push_back(network);
      }
      wake.notify_one();
    }

    std::mutex mutex;
    std::condition_variable wake;
    Network all;
    bool all_taken = false, can_have_siblings = true;
    int working = 0;
    std::vector<std::unique_ptr<Network>> siblings;
    std::vector<Network*> idle;
  };

  /// What the parent's other threads had in hand stays as they left it: it is put aside, with locks that nobody opens.
  void renew_after_fork() {
    static std::mutex renewing;
    const std::lock_guard lock(renewing);
    const int now = forks();
    if (fork_ == now) return;
    if (std::optional<Network> fresh = state_->all.sibling(state_->all.threads())) {
      auto renewed = std::make_unique<State>(std::move(*fresh));
      (void)state_.release();
      state_ = std::move(renewed);
    }
    fork_ = now;
  }

  std::unique_ptr<State> state_;
  int fork_ = forks();
};

void define_finder(nanobind::module_& m);
void define_networks(nanobind::module_& m);

}  // namespace poise::python
