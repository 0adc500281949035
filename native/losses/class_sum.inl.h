// Losses whose row is the mean over its classes of terms that each depend on the difference of two scores: of the row's class
// and of another one. The terms are those of an elementwise loss, of the difference in place of the product.

// Σ max(0, margin - (x_y - x_j)) / classes over j != y, or of the squares
struct WestonWatkins {
  static constexpr Family kFamily = Family::class_sum;
  static constexpr Loss kTerms = Loss::Hinge;
  static constexpr Loss kSquaredTerms = Loss::SquaredHinge;
};
