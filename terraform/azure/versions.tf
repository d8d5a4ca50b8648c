terraform {
  required_version = ">= 1.6"

  required_providers {
    # 5.2 is the release whose schema the tests have; 5.0 renamed and removed
    # arguments of 4.x.
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.2"
    }
  }
}

# Credentials are those of `az login`, or of the variables ARM_*; which
# subscription, ARM_SUBSCRIPTION_ID says.
provider "azurerm" {
  resource_provider_registrations = "core"

  features {
    # What controllers made in the group goes with it.
    resource_group {
      prevent_deletion_if_contains_resources = false
    }

    # Both are on by default, and would make every worker anew because of a
    # renewed token.
    virtual_machine_scale_set {
      reimage_on_manual_upgrade    = false
      roll_instances_when_required = false
    }
  }
}

locals {
  # A tag of Azure has no slash.
  tags = { turnup-cluster = var.cluster_name }
}
