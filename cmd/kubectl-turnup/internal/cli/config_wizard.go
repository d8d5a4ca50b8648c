package cli

import (
	"context"
	"errors"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/kconfig"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wizard"
)

// wizard shows the menus. They change the config; this reads and writes files.
func (a *app) wizard(ctx context.Context, file *config.File) error {
	result, err := wizard.Run(ctx, wizard.Options{
		Config: file.Config,
		Path:   file.Name,
		Dirty:  !file.Exists() || len(file.Warnings) > 0,
		Save: func() error {
			err := saveFromWizard(file)
			if errors.Is(err, config.ErrChanged) {
				return wizard.ErrChanged
			}
			return err
		},
		Overwrite: func() error {
			if err := file.Into(file.Name); err != nil {
				return err
			}
			return saveFromWizard(file)
		},
		SaveMinimal: func(path string) error {
			if path != file.Name {
				return file.ExportMinimal(path)
			}
			_, err := file.SaveMinimal()
			return err
		},
		Load: func(path string) error {
			other, err := config.Open(path, nil, config.Strict)
			if err != nil {
				return err
			}
			config.Replace(file.Config, other.Config)
			if path == file.Name {
				return file.Into(path)
			}
			return nil
		},
		Validate: func(s *kconfig.Symbol, value string) error {
			if problem := config.CheckText(file.Config, s, value); problem != "" {
				return errors.New(problem)
			}
			return nil
		},
		Check: func() []wizard.Problem { return wizardProblems(file) },
		In:    a.streams.In,
		Out:   a.streams.Out,
	})
	if err != nil {
		return err
	}
	switch result.Outcome {
	case wizard.Interrupted:
		return ui.Hint(errInterrupted, "nothing that was not saved is in %s", file.Name)
	case wizard.Discarded:
		a.out.Printf("The changes were thrown away; %s is as it was saved last.", file.Name)
	case wizard.Unchanged, wizard.Saved:
		a.saved(file, result.Saves > 0)
	}
	return nil
}

// saveFromWizard writes nothing that the next verb would refuse.
func saveFromWizard(file *config.File) error {
	if problems := config.CheckApplying(file.Config); len(problems) > 0 {
		return problems
	}
	_, err := file.Save()
	return err
}

// wizardProblems are those that the wizard does not find by itself.
func wizardProblems(file *config.File) []wizard.Problem {
	var list []wizard.Problem
	for _, p := range config.CheckApplying(file.Config) {
		problem := wizard.Problem{Message: p.Path + ": " + p.Text}
		if f := config.Lookup(p.Path); f != nil {
			if f.Kind == config.Int {
				continue // a range, which the wizard knows
			}
			problem.Symbols = []string{f.Path}
		}
		list = append(list, problem)
	}
	return list
}
