#define SDL_MAIN_HANDLED
#include <SDL.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "window.h"

namespace poise::app {
namespace {

struct Destroy {
  void operator()(SDL_Window* window) const { SDL_DestroyWindow(window); }
  void operator()(SDL_Renderer* renderer) const { SDL_DestroyRenderer(renderer); }
  void operator()(SDL_Texture* texture) const { SDL_DestroyTexture(texture); }
};

constexpr int kTick = 10;  // milliseconds between two looks at what happened

Error sdl_error() { return io_error(std::string("no window can be opened: ") + SDL_GetError()); }

/// Without a screen SDL takes to drawing where nobody sees it. Who wants that, a test, names the driver.
bool nobody_sees_it() {
  const char* driver = SDL_GetCurrentVideoDriver();
  return driver != nullptr && std::strcmp(driver, "offscreen") == 0 && SDL_getenv("SDL_VIDEODRIVER") == nullptr;
}

/// SDL wants all its calls from one thread, so it has one.
class SdlWindow : public Window {
 public:
  explicit SdlWindow(std::string title) : title_(std::move(title)) {
    std::promise<Status> begun;
    begun_ = begun.get_future();
    thread_ = std::thread([this, promise = std::move(begun)]() mutable { run(std::move(promise)); });
  }
  SdlWindow(const SdlWindow&) = delete;
  SdlWindow& operator=(const SdlWindow&) = delete;
  ~SdlWindow() override {
    over_ = true;
    thread_.join();
  }

  Status begun() { return begun_.get(); }

  void show(const ImageView& picture) override {
    Image copy(picture.width, picture.height);
    for (int y = 0; y < picture.height; ++y) std::copy_n(picture.row(y), picture.width * 3, copy.row(y));
    const std::scoped_lock lock(mutex_);
    newest_ = std::move(copy);
  }
  bool closed() const override { return closed_; }

 private:
  void run(std::promise<Status> begun) {
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");  // Ctrl-C is the program's
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) return begun.set_value(sdl_error());
    if (nobody_sees_it()) {
      SDL_QuitSubSystem(SDL_INIT_VIDEO);
      return begun.set_value(io_error("no window can be opened: there is no screen (DISPLAY or WAYLAND_DISPLAY)"));
    }
    begun.set_value({});
    while (!over_ && !closed_) {
      SDL_Event event;
      const bool happened = SDL_WaitEventTimeout(&event, kTick) != 0;
      if (happened) answer(event);
      std::optional<Image> picture;
      {
        const std::scoped_lock lock(mutex_);
        picture = std::exchange(newest_, std::nullopt);
      }
      if (picture && !draw(*picture)) closed_ = true;
    }
    draw_last();
    texture_.reset();
    renderer_.reset();
    window_.reset();
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
  }

  void answer(const SDL_Event& event) {
    const bool key =
        event.type == SDL_KEYDOWN && (event.key.keysym.sym == SDLK_ESCAPE || event.key.keysym.sym == SDLK_q);
    const bool cross = event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_CLOSE;
    if (event.type == SDL_QUIT || key || cross) closed_ = true;
    if (event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_EXPOSED) present();
  }

  /// What came while the run ended.
  void draw_last() {
    const std::scoped_lock lock(mutex_);
    if (newest_ && !closed_) draw(*newest_);
  }

  bool open(Size size) {
    SDL_Rect screen{0, 0, size.width, size.height};
    SDL_GetDisplayUsableBounds(0, &screen);
    // Room for a frame of its own around it.
    const double scale = std::min({1.0, .9 * screen.w / size.width, .9 * screen.h / size.height});
    window_.reset(SDL_CreateWindow(title_.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                   std::max(1, static_cast<int>(size.width * scale)),
                                   std::max(1, static_cast<int>(size.height * scale)), SDL_WINDOW_RESIZABLE));
    if (!window_) return false;
    renderer_.reset(SDL_CreateRenderer(window_.get(), -1, 0));
    return renderer_ != nullptr;
  }

  bool draw(const Image& picture) {
    if (!window_ && !open(picture.size())) return false;
    if (!texture_ || picture.size() != size_) {
      size_ = picture.size();
      SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
      texture_.reset(SDL_CreateTexture(renderer_.get(), SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING, size_.width,
                                       size_.height));
      if (!texture_) return false;
      SDL_RenderSetLogicalSize(renderer_.get(), size_.width, size_.height);  // the sides keep their ratio
    }
    SDL_UpdateTexture(texture_.get(), nullptr, picture.data(), size_.width * 3);
    present();
    return true;
  }

  void present() {
    if (!texture_) return;
    SDL_RenderClear(renderer_.get());
    SDL_RenderCopy(renderer_.get(), texture_.get(), nullptr, nullptr);
    SDL_RenderPresent(renderer_.get());
  }

  const std::string title_;
  std::future<Status> begun_;
  std::atomic<bool> over_ = false, closed_ = false;
  std::mutex mutex_;  // of the picture below
  std::optional<Image> newest_;
  std::unique_ptr<SDL_Window, Destroy> window_;  // these are the thread's alone
  std::unique_ptr<SDL_Renderer, Destroy> renderer_;
  std::unique_ptr<SDL_Texture, Destroy> texture_;
  Size size_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Window>> open_window(const std::string& title) {
  auto window = std::make_unique<SdlWindow>(title);
  POISE_RETURN_IF_ERROR(window->begun());
  return std::unique_ptr<Window>(std::move(window));
}

}  // namespace poise::app
