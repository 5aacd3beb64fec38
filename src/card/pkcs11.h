/* p11-kit's headers use size_t without including what defines it. */
#pragma once

#include <stddef.h>

#include <p11-kit/p11-kit.h>
