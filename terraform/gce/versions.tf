terraform {
  required_version = ">= 1.6"

  required_providers {
    # 7.45 is the release whose schema the tests have.
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

# Credentials are those of `gcloud auth application-default login`, or of
# GOOGLE_APPLICATION_CREDENTIALS.
provider "google" {
  project = var.project
  region  = var.region

  # On everything that has labels.
  default_labels = local.labels
}

locals {
  # A label of Google Cloud has neither dots nor slashes.
  labels = { turnup-cluster = var.cluster_name }
}
