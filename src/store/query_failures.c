#include "store/query_int.h"
