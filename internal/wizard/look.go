package wizard

import (
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

var _ tea.Msg = lipgloss.NewStyle()
