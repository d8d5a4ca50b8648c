package turnup

import "context"

func (t *Turnup) release(ctx context.Context) error   { return nil }
func (t *Turnup) leftovers(ctx context.Context) error { return nil }
