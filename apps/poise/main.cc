#include "program.h"

int main(int argc, char** argv) { return poise::app::run_program(argc, argv); }
