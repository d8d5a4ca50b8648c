package kconfig

// OriginKind says where a value comes from.
type OriginKind int

// The origins of values.
const (
	// Implicit is n, 0, 0x0 or the empty text: nothing gives a value.
	Implicit OriginKind = iota
	// User is what the user set.
	User
	// FromDefault is a default statement, at Span.
	FromDefault
	// Selected is a y by the selects of other symbols, which are in By.
	Selected
	// Implied is a y by the implies of other symbols, which are in By.
	Implied
	// FromChoice is the value of a member that its choice gives: y because it
	// is the choice's default (at Span), its first visible member, or all that
	// is left; n because another member, in By, is selected.
	FromChoice
)

// String is one word.
func (k OriginKind) String() string {
	return [...]string{"implicit", "user", "default", "select", "imply", "choice"}[k]
}

// Origin says where a value comes from.
type Origin struct {
	Kind OriginKind
	// Span is the statement that gives the value, where one does.
	Span Span
	// By are the symbols that select or imply, or the member that is selected.
	By []*Symbol
	// Clamped is set if the value was out of range, and is the nearer bound now.
	Clamped bool
}
