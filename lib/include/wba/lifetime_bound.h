#ifndef WBA_LIFETIME_BOUND_H_
#define WBA_LIFETIME_BOUND_H_

// WBA_LIFETIME_BOUND marks a function whose result views the object that it is called on, or a
// parameter that the result views. Clang warns of a result that outlives it.
#if defined(__clang__)
#define WBA_LIFETIME_BOUND [[clang::lifetimebound]]
#else
#define WBA_LIFETIME_BOUND
#endif

#endif  // WBA_LIFETIME_BOUND_H_
