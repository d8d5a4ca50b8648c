package kconfig

// slab allocates values of one type many at a time, which saves the garbage
// collector most of its work on a large tree.
type slab[T any] struct{ free []T }

func (s *slab[T]) new(value T) *T {
	if len(s.free) == 0 {
		s.free = make([]T, 64)
	}
	p := &s.free[0]
	s.free = s.free[1:]
	*p = value
	return p
}
