#include <fcntl.h>
#include <linux/uinput.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

#include "poise/base/descriptor.h"
#include "poise/gesture/keyboard.h"

namespace poise {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSettling{300};  // until desktops have noticed a new keyboard, whose first keys are lost else
constexpr milliseconds kPressed{10};    // that keys are held

std::string reason(int error) { return std::generic_category().message(error); }

input_event event(int type, int code, int value) {
  input_event made{};  // its time is uinput's to say
  made.type = static_cast<decltype(made.type)>(type);
  made.code = static_cast<decltype(made.code)>(code);
  made.value = value;
  return made;
}

class EventKeyboard : public Keyboard {
 public:
  explicit EventKeyboard(int descriptor) : descriptor_(descriptor) {}

  Status press(const KeyChord& chord) override {
    constexpr int kDown = 1, kUp = 0;
    std::vector<input_event> events;
    for (const Key* key : chord.keys) {
      events.push_back(event(EV_KEY, key->code, kDown));
      events.push_back(event(EV_SYN, SYN_REPORT, 0));
    }
    const Status pressed = write(events);
    if (pressed.ok()) std::this_thread::sleep_for(kPressed);
    events.clear();
    for (auto key = chord.keys.rbegin(); key != chord.keys.rend(); ++key) {
      events.push_back(event(EV_KEY, (*key)->code, kUp));
      events.push_back(event(EV_SYN, SYN_REPORT, 0));
    }
    const Status released = write(events);  // also where not all of them went down
    return pressed.ok() ? released : pressed;
  }

 private:
  Status write(const std::vector<input_event>& events) const {
    for (const input_event& one : events) {
      ssize_t written = -1;
      do {
        written = ::write(descriptor_, &one, sizeof one);
      } while (written < 0 && errno == EINTR);
      if (written != static_cast<ssize_t>(sizeof one)) return io_error("the keyboard takes no keys: " + reason(errno));
    }
    return {};
  }
  int descriptor_;
};

class UinputKeyboard final : public EventKeyboard {
 public:
  explicit UinputKeyboard(int descriptor) : EventKeyboard(descriptor), device_(descriptor) {}
  ~UinputKeyboard() override { ::ioctl(device_.get(), UI_DEV_DESTROY); }
  UinputKeyboard(const UinputKeyboard&) = delete;
  UinputKeyboard& operator=(const UinputKeyboard&) = delete;

  Status create() const {
    bool right = ::ioctl(device_.get(), UI_SET_EVBIT, EV_KEY) == 0;
    for (const Key& key : known_keys()) right = right && ::ioctl(device_.get(), UI_SET_KEYBIT, key.code) == 0;
    uinput_setup setup{};
    setup.id.bustype = BUS_VIRTUAL;
    constexpr char kName[] = "poise gestures";
    std::memcpy(setup.name, kName, sizeof kName);
    right = right && ::ioctl(device_.get(), UI_DEV_SETUP, &setup) == 0 && ::ioctl(device_.get(), UI_DEV_CREATE) == 0;
    if (!right) return io_error("uinput makes no keyboard: " + reason(errno));
    std::this_thread::sleep_for(kSettling);
    return {};
  }

 private:
  Descriptor device_;
};

}  // namespace

bool can_use_uinput(const std::string& device) { return ::access(device.c_str(), W_OK) == 0; }

Result<std::unique_ptr<Keyboard>> open_uinput_keyboard(const std::string& device) {
  const int descriptor = ::open(device.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENODEV || error == ENXIO) {
      return unsupported("there is no " + device + ": load the kernel's module uinput (modprobe uinput)");
    }
    return io_error(device + ": " + reason(error) + ": let your group write to it by a rule of udev");
  }
  auto keyboard = std::make_unique<UinputKeyboard>(descriptor);
  POISE_RETURN_IF_ERROR(keyboard->create());
  return std::unique_ptr<Keyboard>(std::move(keyboard));
}

std::unique_ptr<Keyboard> keyboard_on(int descriptor) { return std::make_unique<EventKeyboard>(descriptor); }

}  // namespace poise
