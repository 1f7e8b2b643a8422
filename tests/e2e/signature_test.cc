// `poise bench --signature`: forty drawn pictures through the shipped networks, on the plain backend.

#include <gtest/gtest.h>

#include "program.h"

namespace poise {
namespace {

class Signature : public Program {};

/// A change here is a change of results: of the shipped weights, or of what is computed.
TEST_F(Signature, OfResultsIsAsEver) { EXPECT_EQ(run({"bench", "--signature"}).out, "772ccb64359e8550\n"); }

}  // namespace
}  // namespace poise
