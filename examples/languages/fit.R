# Fits a linear model of the disease's progression, and draws what it says against what was measured.
source(file.path(Sys.getenv("PENSTOCK_HELPERS"), "penstock.R"))

patients <- penstock$read("patients.csv")
model <- lm(reformulate(penstock$parameters$columns, "progression"), patients)
explained <- summary(model)$r.squared
penstock$metrics(r_squared = explained)
print(summary(model))

png(penstock$output("plot.png"), width = 720, height = 560, type = "cairo")
plot(patients$progression, fitted(model), xlab = "measured", ylab = "fitted", pch = 20, col = "#2a6f97")
abline(0, 1, lty = 2)
invisible(dev.off())

penstock$write("model.json", list(
  coefficients = coef(model),
  r_squared = explained,
  residuals = as.list(quantile(residuals(model)))
))
