#include "poise/image/codec.h"

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <filesystem>

#include "poise/image/test_pictures.h"

namespace poise {
namespace {

using namespace testing_pictures;

/// Soft colours, which lossy coders keep well.
Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = image.row(y) + x * 3;
      pixel[0] = static_cast<std::uint8_t>(40 + 150 * x / width);
      pixel[1] = static_cast<std::uint8_t>(30 + 180 * y / height);
      pixel[2] = 90;
    }
  }
  return image;
}

Bytes coded(const Image& image, ImageFormat format, int quality = 95) {
  return encode_image(image.view(), {.format = format, .quality = quality}).value();
}

/// An APP1 segment with this orientation, laid directly behind the start of the
/// JPEG.
Bytes with_orientation(Bytes jpeg, std::uint8_t orientation) {
  const Bytes segment{0xFF, 0xE1, 0, 30, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42,          0, 0,
                      0,    8,    0, 1,  1,   18,  0,   3,   0, 0, 0,   1,   0, orientation, 0, 0};
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

ErrorCode code_of(BytesView bytes, const DecodeOptions& options = {}) {
  const auto decoded = decode_image(bytes, options);
  EXPECT_FALSE(decoded.ok());
  return decoded.ok() ? ErrorCode::kIo : decoded.error().code;
}

TEST(Codec, PngKeepsEveryBit) {
  const Image picture = noise(37, 23);
  EXPECT_EQ(largest_difference(decode_image(coded(picture, ImageFormat::kPng)).value().image, picture), 0);
}

TEST(Codec, JpegAndWebpComeBackClose) {
  const Image picture = gradient(61, 45);
  EXPECT_LE(largest_difference(decode_image(coded(picture, ImageFormat::kJpeg)).value().image, picture), 4);
  EXPECT_LE(largest_difference(decode_image(coded(picture, ImageFormat::kWebp)).value().image, picture), 12);
}

TEST(Codec, WritesAPartOfALargerPicture) {
  const Image picture = noise(20, 10);
  const ImageView part{picture.row(3) + 15, 7, 4, 60};
  for (const ImageFormat format : {ImageFormat::kPng, ImageFormat::kJpeg, ImageFormat::kWebp}) {
    const Image back = decode_image(encode_image(part, {.format = format}).value()).value().image;
    ASSERT_EQ(back.size(), (Size{7, 4}));
    if (format == ImageFormat::kPng) {
      EXPECT_TRUE(std::equal(back.row(3), back.row(3) + 21, part.row(3)));
    }
  }
}

TEST(Codec, JpegIsTurnedUprightAsExifSays) {
  const Image picture = gradient(48, 32);
  const Bytes plain = coded(picture, ImageFormat::kJpeg);
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
    const Bytes jpeg = with_orientation(plain, orientation);
    const DecodedImage turned = decode_image(jpeg).value();
    EXPECT_EQ(turned.exif_orientation, orientation);
    EXPECT_EQ(turned.exif_applied, orientation != 1);
    EXPECT_EQ(turned.image.size(), orientation >= 5 ? (Size{32, 48}) : (Size{48, 32}));
    const DecodedImage stored = decode_image(jpeg, {.exif = Exif::kIgnore}).value();
    EXPECT_EQ(stored.exif_orientation, orientation);
    EXPECT_FALSE(stored.exif_applied);
    EXPECT_LE(largest_difference(stored.image, picture), 4);
  }
  // Orientation 6: the stored bottom left is shown at the top left.
  const DecodedImage turned = decode_image(with_orientation(plain, 6)).value();
  EXPECT_NEAR(turned.image.row(0)[0], picture.row(31)[0], 4);
  EXPECT_NEAR(turned.image.row(0)[1], picture.row(31)[1], 4);
}

TEST(Codec, CmykJpegBecomesRgb) {
  // As Adobe writes it, 255 is no ink; half of the black ink halves the
  // colours.
  for (const int black : {255, 128}) {
    Bytes cmyk;
    for (int i = 0; i < 16 * 16; ++i) {
      for (const int ink : {200, 100, 50, black}) cmyk.push_back(static_cast<std::uint8_t>(ink));
    }
    const tjhandle handle = tjInitCompress();
    unsigned char* jpeg = nullptr;
    unsigned long size = 0;
    ASSERT_EQ(tjCompress2(handle, cmyk.data(), 16, 64, 16, TJPF_CMYK, &jpeg, &size, TJSAMP_444, 100, 0), 0);
    const Image image = decode_image({jpeg, size}).value().image;
    tjFree(jpeg);
    tjDestroy(handle);
    EXPECT_NEAR(image.row(8)[24], 200 * (black / 255.0), 2);
    EXPECT_NEAR(image.row(8)[25], 100 * (black / 255.0), 2);
    EXPECT_NEAR(image.row(8)[26], 50 * (black / 255.0), 2);
  }
}

TEST(Codec, APngWithAlphaIsLaidOnWhite) {
  // 2x1, RGBA 8 bits, stored deflate: opaque (10, 20, 30), then (0, 0, 0) at
  // opacity 51.
  const Bytes png{0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52,
                  0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0xF4, 0x22, 0x7F,
                  0x8A, 0x00, 0x00, 0x00, 0x14, 0x49, 0x44, 0x41, 0x54, 0x78, 0x01, 0x01, 0x09, 0x00, 0xF6, 0xFF,
                  0x00, 0x0A, 0x14, 0x1E, 0xFF, 0x00, 0x00, 0x00, 0x33, 0x06, 0xC7, 0x01, 0x6F, 0xEA, 0xA3, 0x56,
                  0xAB, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};
  const Image image = decode_image(png).value().image;
  ASSERT_EQ(image.size(), (Size{2, 1}));
  const std::vector<std::uint8_t> want{10, 20, 30, 204, 204, 204};
  EXPECT_TRUE(std::equal(want.begin(), want.end(), image.row(0)));
}

TEST(Codec, EveryTruncationIsAnError) {
  const Image picture = gradient(40, 30);
  for (const ImageFormat format : {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp}) {
    const Bytes whole = coded(picture, format);
    const std::size_t end_mark = format == ImageFormat::kJpeg ? 2 : 0;  // without it no pixel is missing
    for (std::size_t length = 0; length < whole.size() - end_mark; ++length) {
      EXPECT_FALSE(decode_image(BytesView(whole).first(length)).ok()) << length << " of " << whole.size();
    }
  }
}

/// The note on a JPEG of the same pixels; "" where it is read without one.
std::string note_on(const Bytes& jpeg, const Image& pixels) {
  const auto decoded = decode_image(jpeg);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  if (!decoded.ok()) return "not read";
  const std::size_t row = static_cast<std::size_t>(pixels.width()) * 3;
  for (int y = 0; y < pixels.height(); ++y) {
    EXPECT_TRUE(std::equal(pixels.row(y), pixels.row(y) + row, decoded->image.row(y))) << y;
  }
  return decoded->note;
}

TEST(Codec, AJpegThatLacksNoPixelIsReadWithANote) {
  const Bytes whole = coded(noise(64, 48), ImageFormat::kJpeg);
  const Image pixels = decode_image(whole).value().image;
  EXPECT_EQ(note_on(whole, pixels), "");
  const Bytes no_end(whole.begin(), whole.end() - 2);
  const std::string lacks = "this JPEG lacks its end mark, all pixels are there";
  EXPECT_EQ(note_on(no_end, pixels), lacks);
  EXPECT_EQ(note_on(Bytes(whole.begin(), whole.end() - 1), pixels), lacks);
  Bytes zeros = no_end;
  zeros.resize(zeros.size() + 512);
  EXPECT_EQ(note_on(zeros, pixels), lacks);
  Bytes stray = whole;
  constexpr std::array<std::uint8_t, 2> kTable{0xFF, 0xDB};
  stray.insert(std::search(stray.begin(), stray.end(), kTable.begin(), kTable.end()), 2, std::uint8_t{0});
  EXPECT_EQ(note_on(stray, pixels), "stray bytes between the segments of this JPEG were passed over");
  stray.resize(stray.size() - 2);
  EXPECT_EQ(note_on(stray, pixels), "stray bytes between the segments of this JPEG were passed over; " + lacks);
  int asked = 0;  // tried three times, it is one picture of the budget's
  const auto once = decode_image(stray, {.admit = [&](std::uint64_t) { return ++asked, Status(); }});
  EXPECT_TRUE(once.ok() && asked == 1) << asked;
  stray = whole;
  stray.insert(std::search(stray.begin(), stray.end(), kTable.begin(), kTable.end()), 40, std::uint8_t{7});
  EXPECT_FALSE(decode_image(stray).ok()) << "so many are another kind of damage";
}

TEST(Codec, AJpegOfARareKindIsNotCalledDamaged) {
  Bytes lossless = coded(noise(64, 48), ImageFormat::kJpeg);
  constexpr std::array<std::uint8_t, 2> kFrame{0xFF, 0xC0};
  const auto frame = std::search(lossless.begin(), lossless.end(), kFrame.begin(), kFrame.end());
  ASSERT_NE(frame, lossless.end());
  Bytes deep = lossless;
  frame[1] = 0xC3;
  deep[static_cast<std::size_t>(frame - lossless.begin()) + 4] = 12;  // bits a sample
  for (const Bytes& rare : {lossless, deep}) {
    const auto decoded = decode_image(rare);
    ASSERT_FALSE(decoded.ok());
    EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(decoded.error().message.find("save it again"), std::string::npos) << decoded.error().message;
    EXPECT_EQ(decoded.error().message.find("damaged"), std::string::npos) << decoded.error().message;
  }
}

TEST(Codec, ADamagedJpegIsAnErrorNotAHalfGreyPicture) {
  Bytes jpeg = coded(noise(64, 64), ImageFormat::kJpeg);
  std::fill(jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2), jpeg.end() - 2, std::uint8_t{0});
  const auto decoded = decode_image(jpeg);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  EXPECT_NE(decoded.error().message.find("damaged JPEG"), std::string::npos);
}

TEST(Codec, LimitsHoldBeforeDecoding) {
  const Image picture = gradient(40, 30);
  for (const ImageFormat format : {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp}) {
    const Bytes bytes = coded(picture, format);
    EXPECT_EQ(code_of(bytes, {.max_pixels = 1199}), ErrorCode::kTooLarge);
    EXPECT_TRUE(decode_image(bytes, {.max_pixels = 1200}).ok());
    EXPECT_EQ(code_of(bytes, {.max_bytes = bytes.size() - 1}), ErrorCode::kTooLarge);
  }
}

/// A JPEG whose frame header claims other sides.
Bytes jpeg_claiming(Bytes jpeg, unsigned width, unsigned height) {
  const auto put = [&](std::size_t at, unsigned value) {
    jpeg[at] = static_cast<std::uint8_t>(value >> 8U);
    jpeg[at + 1] = static_cast<std::uint8_t>(value);
  };
  for (std::size_t at = 2; at + 9 < jpeg.size(); at += 2U + jpeg[at + 2] * 256U + jpeg[at + 3]) {
    if (jpeg[at + 1] != 0xC0) continue;
    put(at + 5, height);
    put(at + 7, width);
    break;
  }
  return jpeg;
}

TEST(Codec, HeaderBombsAreRefusedByTheLimitOrByTheLengthOfTheFile) {
  const Bytes jpeg = coded(gradient(16, 16), ImageFormat::kJpeg);
  EXPECT_TRUE(decode_image(jpeg_claiming(jpeg, 16, 16)).ok());
  EXPECT_EQ(code_of(jpeg_claiming(jpeg, 65500, 65500)), ErrorCode::kTooLarge);
  EXPECT_EQ(code_of(jpeg_claiming(jpeg, 16000, 15000)), ErrorCode::kMalformed);
  // Signature, IHDR 65500x65500 RGB, IDAT of no bytes, IEND.
  const Bytes png{0x89, 'P',  'N',  'G',  '\r', '\n', 0x1A, '\n', 0,    0,    0,    13,   'I',  'H',  'D',
                  'R',  0,    0,    0xFF, 0xDC, 0,    0,    0xFF, 0xDC, 8,    2,    0,    0,    0,    0x1C,
                  0x35, 0x81, 0x4C, 0,    0,    0,    0,    'I',  'D',  'A',  'T',  0x35, 0xAF, 0x06, 0x1E,
                  0,    0,    0,    0,    'I',  'E',  'N',  'D',  0xAE, 0x42, 0x60, 0x82};
  EXPECT_EQ(code_of(png), ErrorCode::kTooLarge);
  EXPECT_EQ(code_of(png, {.max_pixels = ~std::uint64_t{0}}), ErrorCode::kMalformed);
}

TEST(Codec, APngChunkLongerThanTheFileIsRefused) {
  Bytes png = coded(noise(5, 5), ImageFormat::kPng);
  const Bytes text{0x64, 0x61, 0x00, 0x25, 't', 'E', 'X', 't', 'a', 0, 'b', 0, 0, 0, 0};
  png.insert(png.end() - 12, text.begin(), text.end());  // before IEND
  const auto decoded = decode_image(png);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "damaged PNG (it ends early): get the file again");
}

TEST(Codec, SaysWhatTheBytesAre) {
  const auto message = [](std::string_view text) {
    return decode_image({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).error().message;
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(message(""), "the file is empty");
  EXPECT_EQ(message("hello"), "not a JPEG, PNG or WebP picture");
  EXPECT_EQ(message("GIF89a"), "GIF is not read: convert it to JPEG or PNG");
  EXPECT_EQ(message("II*\0abcd"sv), "TIFF is not read: convert it to JPEG or PNG");
  for (const std::string_view start : {"\0\0\0\x18"
                                       "ftypheic"sv,
                                       "\0\0\0\x18"
                                       "ftypavif"sv}) {  // no more than that
    EXPECT_NE(message(start).find("HEIC"), std::string::npos) << message(start);
  }
  EXPECT_EQ(message("BM"
                    "0123456789012345678901234567"sv),
            "BMP is not read: convert it to JPEG or PNG");
  EXPECT_NE(message("\x89PNG\n\x1A\n"sv).find("binary mode"), std::string::npos);
}

TEST(Codec, FilesAreToldApartByContentAndErrorsNameThem) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "poise_codec_test";
  std::filesystem::remove_all(folder);
  const Image picture = noise(9, 8);
  ASSERT_TRUE(write_image(folder / "a.PNG", picture).ok());
  std::filesystem::rename(folder / "a.PNG", folder / "a.jpg");
  EXPECT_EQ(largest_difference(read_image(folder / "a.jpg").value(), picture), 0);

  const Status unknown = write_image(folder / "a.tiff", picture);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.tiff"));

  const auto absent = read_image(folder / "none.jpg");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(absent.error().message.rfind((folder / "none.jpg").string(), 0), 0U);
  std::filesystem::remove_all(folder);
}

TEST(Codec, NonsenseCannotBeWritten) {
  EXPECT_EQ(encode_image(ImageView{}).error().code, ErrorCode::kInvalidArgument);
  const Image picture = noise(4, 4);
  for (const int quality : {0, 101}) {
    EXPECT_EQ(encode_image(picture.view(), {.quality = quality}).error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace poise
