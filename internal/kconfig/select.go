package kconfig

// choiceState is what a choice is worth: whether it is visible, and which of
// its members is selected. The first has to be known to compute the second.
type choiceState struct {
	modeEpoch, selectedEpoch int
	visible                  bool
	selected                 *Symbol
}

// mode says whether a choice is visible, and with it one of its members y.
func (c *Config) mode(ch *Choice) bool {
	st := &c.choices[ch.id]
	if st.modeEpoch == c.epoch {
		return st.visible
	}
	st.visible = false
	for _, n := range ch.Nodes {
		if n.hasPrompt && c.promptVisible(n) {
			st.visible = true
			break
		}
	}
	st.modeEpoch = c.epoch
	return st.visible
}

func (c *Config) selection(ch *Choice) *choiceState {
	st := &c.choices[ch.id]
	if st.selectedEpoch != c.epoch {
		st.selected = c.pick(ch)
		st.selectedEpoch = c.epoch
	}
	return st
}

// pick follows Linux 6.12: the latest y; else the default, if the user has not
// said n to it; else the first member that the user said nothing about; else
// all are n, and it is the one that has been so for the longest time. Only
// visible members count.
func (c *Config) pick(ch *Choice) *Symbol {
	var latest, untouched, oldest *Symbol
	for _, m := range ch.Members {
		if !c.memberVisible(m) {
			continue
		}
		user := c.user[m.id]
		switch {
		case user.order == 0:
			untouched = firstOf(untouched, m)
		case user.text == "y":
			if latest == nil || user.order > c.user[latest.id].order {
				latest = m
			}
		case oldest == nil || user.order < c.user[oldest.id].order:
			oldest = m
		}
	}
	if latest != nil {
		return latest
	}
	if m := c.defaultMember(ch); m != nil && c.user[m.id].order == 0 {
		return m
	}
	return firstOf(untouched, oldest)
}

func firstOf(a, b *Symbol) *Symbol {
	if a != nil {
		return a
	}
	return b
}

// defaultMember is the member that is selected if the user has set none.
func (c *Config) defaultMember(ch *Choice) *Symbol {
	if d := c.memberDefault(ch); d != nil {
		return d.Value.Symbol
	}
	for _, m := range ch.Members {
		if c.memberVisible(m) {
			return m
		}
	}
	return nil
}

// memberDefault is the default statement that counts: the first that holds and
// whose member is visible.
func (c *Config) memberDefault(ch *Choice) *Default {
	for _, d := range ch.Defaults {
		m := d.Value.Symbol
		if m.Choice == ch && c.depends(d.Node.scope) && c.holds(d.If) && c.memberVisible(m) {
			return d
		}
	}
	return nil
}

// memberVisible is the visibility of a member. Its state cannot be asked while
// the selection, which its value needs, is being made.
func (c *Config) memberVisible(m *Symbol) bool {
	for _, n := range m.Nodes {
		if n.hasPrompt && c.promptVisible(n) {
			return true
		}
	}
	return false
}
