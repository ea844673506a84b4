#pragma once

namespace orders {

/// Waits before another attempt, longer each time. `attempt` counts from 0.
void back_off(int attempt);

} // namespace orders
